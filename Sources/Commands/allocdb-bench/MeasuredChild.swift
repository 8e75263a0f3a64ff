import SystemCalls

/// A run of this program for one measurement, so that its peak memory is its own.
struct MeasuredChild {
    /// The child did not do what it was started for.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Holds what the child says.
    let folder: String
    let timeLimit: Duration

    /// What the child printed. One that fails, or does not come to an end, is an error with what
    /// it said of that.
    func output(of arguments: [String]) throws -> String {
        let figures = Path.join(folder, "figures")
        let words = Path.join(folder, "words")
        defer {
            try? FileSystem.removeTree(figures)
            try? FileSystem.removeTree(words)
        }
        let child = try ChildProcess(
            executable: try Processes.ownExecutable(), arguments: arguments,
            output: .descriptor(try FileSystem.open(figures, .createNew)),
            error: .descriptor(try FileSystem.open(words, .createNew)))
        let status = try child.wait(until: Deadline.after(timeLimit))
        if status == nil { try child.killAndWait() }
        guard let status, status.isSuccess else {
            let end = status?.description ?? "killed, as it did not end within \(timeLimit)"
            let said = try text(words)
            throw Failure(
                description: "`\(arguments.joined(separator: " "))` failed (\(end))"
                    + (said.isEmpty ? "" : ": \(said)"))
        }
        return try text(figures)
    }

    private func text(_ path: String) throws -> String {
        let bytes = try FileSystem.read(path, limit: 1 << 16)
        return String(decoding: bytes, as: UTF8.self)
    }
}
