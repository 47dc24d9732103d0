export async function measureTasks() { return [] }
