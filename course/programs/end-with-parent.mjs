// Loaded into each program that `npm start` runs. The channel to the process that started it closes
// when that process asks for the end, and also when it is gone, however it went: nothing is left running.
process.once('disconnect', () => {
  const heard = process.emit('SIGTERM', 'SIGTERM')
  if (!heard) process.exit()
})
