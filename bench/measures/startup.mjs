export async function measureStartup() { return [] }
