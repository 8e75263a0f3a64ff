/// Runs a program to its end and keeps what it wrote.
public struct CapturedRun: Sendable {
    public let status: ExitStatus
    public let output: [UInt8]
    public let error: [UInt8]
    /// Whether the deadline ended it.
    public let wasCutOff: Bool

    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: error, as: UTF8.self) }

    /// Gives the program `input` and blocks the calling thread. At the deadline the child's whole group is killed, and the
    /// status says so. More than `byteLimit` bytes on one stream are read but dropped.
    public init(
        _ executable: String, _ arguments: [String],
        environment: [String: String]? = nil,
        folder: String? = nil,
        input: [UInt8] = [],
        until deadline: Deadline,
        byteLimit: Int = 16 << 20
    ) throws(SystemError) {
        let outputPipe = try Pipe()
        let errorPipe = try Pipe()
        // A socket, because a write to it can be told to raise no SIGPIPE.
        let inputPair = try StreamPair(subject: "input of \(executable)")
        try inputPair.second.setNonBlocking(false)
        let child = try ChildProcess(
            executable: executable, arguments: arguments, environment: environment,
            folder: folder,
            input: input.isEmpty ? .nullDevice : .descriptor(inputPair.second),
            output: .descriptor(outputPipe.writeEnd), error: .descriptor(errorPipe.writeEnd))
        inputPair.second.close()
        outputPipe.writeEnd.close()
        errorPipe.writeEnd.close()

        var collected: [[UInt8]] = [[], []]
        var open: [FileDescriptor?] = [outputPipe.readEnd, errorPipe.readEnd]
        let poller = try Poller()
        for case (let index, let end?) in open.enumerated() {
            try end.setNonBlocking(true)
            try poller.add(end, token: UInt64(index), interest: .readable)
        }
        // A grandchild may hold a pipe open for ever, so the child's own end counts as well.
        try poller.add(child.exitDescriptor, token: 2, interest: .readable)
        var given = input.isEmpty ? nil : 0
        if given != nil { try poller.add(inputPair.first, token: 3, interest: .writable) }
        var exited = false
        while !exited, !deadline.isPassed {
            for ready in try poller.wait(deadline.remaining) {
                if ready.token == 2 {
                    exited = true
                } else if ready.token == 3 {
                    guard let start = given else { continue }
                    given = Self.give(input, from: start, to: inputPair.first)
                    if given == nil {
                        try poller.remove(inputPair.first)
                        inputPair.first.close()
                    }
                } else if let end = open[Int(ready.token)] {
                    if try !Self.drain(end, into: &collected[Int(ready.token)], byteLimit) {
                        try poller.remove(end)
                        open[Int(ready.token)] = nil
                    }
                }
            }
        }
        wasCutOff = !exited
        if !exited { try child.signalGroup(Signals.kill) }
        if let ended = try child.wait(until: .after(.seconds(10))) {
            status = ended
        } else {
            status = try child.killAndWait()
        }
        for case (let index, let end?) in open.enumerated() {
            _ = try Self.drain(end, into: &collected[index], byteLimit)
        }
        output = collected[0]
        error = collected[1]
    }

    /// How far the input has been given; nil when all of it has, or nobody reads it any more.
    private static func give(_ input: [UInt8], from start: Int, to end: FileDescriptor) -> Int? {
        let taken = input.withUnsafeBytes { bytes in
            try? end.send(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
        guard let taken, start + taken < input.count else { return nil }
        return start + taken
    }

    /// Takes what is there; false at the end of the stream.
    private static func drain(
        _ end: FileDescriptor, into bytes: inout [UInt8], _ limit: Int
    ) throws(SystemError) -> Bool {
        while true {
            do throws(SystemError) {
                let piece = try end.read(atMost: 64 << 10)
                if piece.isEmpty { return false }
                let room = max(0, limit - bytes.count)
                if piece.count <= room { bytes += piece } else { bytes += piece.prefix(room) }
            } catch {
                if error.wouldBlock { return true }
                throw error
            }
        }
    }
}
