import Monitor

MonitorProgram.run()
