/** Says what is missing or different, or null when what is installed is exactly the lockfile's. */
export function missingDependency(root: string, platform?: { platform: string; arch: string }): string | null;
/** Installs what the lockfile says, unless it is all there. False when a signal asked to stop meanwhile. */
export function installDependencies(root: string): Promise<boolean>;
