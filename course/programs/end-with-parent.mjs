// Loaded into each program that `npm start` runs. The channel to the process that started it closes if
// that process stops the program, or ends in any way. So nothing is left running.
process.once('disconnect', () => {
  const heard = process.emit('SIGTERM', 'SIGTERM')
  if (!heard) process.exit()
})
