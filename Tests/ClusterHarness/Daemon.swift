import SystemCalls

/// One daemon as a child of the test, with a guard that kills it when the test process dies
/// without getting to it.
final class Daemon {
    let process: ChildProcess
    private let guardProcess: ChildProcess
    private let guardPipe: Pipe

    init(executable: String, arguments: [String], logPath: String) throws {
        let log = try FileSystem.open(logPath, .append)
        process = try ChildProcess(
            executable: executable, arguments: arguments, output: .descriptor(log),
            error: .descriptor(log))
        guardPipe = try Pipe()
        guardProcess = try ChildProcess(
            executable: "/bin/sh",
            arguments: ["-c", "read line; kill -9 \(process.processID)"],
            input: .descriptor(guardPipe.readEnd))
        // The shell has its own copy; with ours closed, the pipe ends when this process does.
        guardPipe.readEnd.close()
    }

    var isRunning: Bool { (try? process.poll()) == .some(nil) }

    /// Waits for the end and dismisses the guard; nil when the daemon outlived `limit`.
    func waitForEnd(within limit: Duration) throws -> ExitStatus? {
        guard let status = try process.wait(until: .after(limit)) else { return nil }
        try guardProcess.killAndWait()
        return status
    }

    func kill() throws {
        try process.killAndWait()
        try guardProcess.killAndWait()
    }
}
