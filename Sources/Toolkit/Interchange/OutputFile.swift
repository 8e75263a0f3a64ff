import SystemCalls

/// Where a text goes: a new file, or standard output. Written in large portions.
final class OutputFile {
    private static let portion = 256 << 10

    let path: String?
    private let file: FileDescriptor
    private var waiting: [UInt8] = []

    /// A file that exists is never overwritten. Nil stands for standard output.
    init(_ path: String?) throws(InterchangeError) {
        self.path = path
        file = try InterchangeError.ofSystem { () throws(SystemError) in
            if let path { return try FileSystem.open(path, .createNew) }
            return try StandardStreams.outputDescriptor()
        }
    }

    /// Makes a new file by `body`; what is there before is left alone, and what an error leaves
    /// half done is removed.
    static func making<Value>(
        _ path: String?, _ body: () throws(InterchangeError) -> Value
    ) throws(InterchangeError) -> Value {
        guard let path else { return try body() }
        guard !FileSystem.exists(path) else {
            throw .impossible("\(path) exists already, and nothing is overwritten")
        }
        do throws(InterchangeError) {
            return try body()
        } catch {
            // Best effort: the error that is thrown tells more than one of the removal.
            _ = try? FileSystem.removeFile(path)
            throw error
        }
    }

    func write(_ bytes: [UInt8]) throws(InterchangeError) {
        waiting += bytes
        if waiting.count >= Self.portion { try flush() }
    }

    func flush() throws(InterchangeError) {
        let bytes = waiting
        waiting = []
        waiting.reserveCapacity(Self.portion + 4096)
        try InterchangeError.ofSystem { () throws(SystemError) in try file.writeAll(bytes) }
    }
}
