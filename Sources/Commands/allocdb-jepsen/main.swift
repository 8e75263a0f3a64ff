import Glibc

exit(Tool.main(CommandLine.arguments))
