import SystemCalls

exitProcess(Sensitivity.main(CommandLine.arguments))
