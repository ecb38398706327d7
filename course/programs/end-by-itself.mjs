// Loaded into a program that runs and ends. Otherwise the channel to the process that started it would keep it
// running.
process.channel?.unref()
