/** The statements of the demo's dynamic secret: a read-only role, as anybody would write them first. */

/** The role can read every table of `public`, until it expires. */
export const creationStatement = `CREATE ROLE "{{username}}" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{{username}}";
GRANT USAGE ON SCHEMA public TO "{{username}}";
`;

/** Fails alone, with 2BP01: what was granted above still holds the role. The built-in clean-up finishes the work. */
export const revocationStatement = `DROP ROLE IF EXISTS "{{username}}";
`;
