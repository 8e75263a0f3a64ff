import GuestAgent
import SystemCalls

/// The hand of the testbed inside a guest (docs/reference/testbeds.md). Not for people: the guest's
/// first program starts it with the device of the line to the host.
enum Agent {
    static func main(_ line: [String]) -> Int32 {
        guard line.count == 2, let path = line.last else {
            StandardStreams.writeError("usage: allocdb-guest-agent DEVICE\n")
            return 254
        }
        do throws(SystemError) {
            Signals.ignoreBrokenPipes()
            guard try FileSystem.facts(path)?.kind == .other else {
                StandardStreams.writeError("\(path) is no device\n")
                return 1
            }
            let device = try FileSystem.open(path, .update)
            try device.setNonBlocking(true)
            AgentServer(device).serveForever()
        } catch {
            StandardStreams.writeError("\(error)\n")
            return 1
        }
    }
}

exitProcess(Agent.main(CommandLine.arguments))
