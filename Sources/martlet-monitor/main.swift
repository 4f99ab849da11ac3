import Monitor

if let command = InitProgram.command { InitProgram.run(command) }
MonitorProgram.run()
