import SystemCalls
import TestSupport
import Testing

@testable import BlockServer

/// A client that sends bytes and looks at what comes back.
struct NBDClient {
    let socket: FileDescriptor
    private static let limit = Duration.seconds(20)

    /// Connects, and reads the greeting.
    init(_ server: BlockServer) throws {
        socket = try UnixSocket.connect(to: server.socketPath, until: .after(Self.limit))
        #expect(try receive(18) == NBDScript.greeting)
    }

    /// Connects and chooses the disk.
    static func ready(_ server: BlockServer) throws -> NBDClient {
        let client = try NBDClient(server)
        try client.send(NBDScript.flags() + NBDScript.go)
        _ = try client.receive(20 + 12 + 20)
        return client
    }

    func send(_ bytes: [UInt8]) throws {
        try socket.sendAll(bytes, until: .after(Self.limit))
    }

    /// As many bytes; fewer at the end of the connection.
    func receive(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            #expect(try socket.waitUntilReadable(.after(Self.limit)))
            do {
                let more = try socket.read(atMost: count - bytes.count)
                if more.isEmpty { return bytes }
                bytes += more
            } catch {
                guard error.isReset else { throw error }
                return bytes
            }
        }
        return bytes
    }

    func isClosed() throws -> Bool { try receive(1).isEmpty }

    func ask(_ request: [UInt8], count: Int = 0) throws -> [UInt8] {
        try send(request)
        return try receive(16 + count)
    }
}

extension BlockServer {
    /// A server of a new disk, in a folder of its own.
    static func with<Value>(
        size: Int = 1 << 20, handshakeLimit: Duration = .seconds(60),
        _ body: (BlockServer) throws -> Value
    ) throws -> Value {
        try withTemporaryFolder { folder in
            let disk = try BlockDisk(creating: Path.join(folder, "image"), size: size)
            let server = try BlockServer(
                disk, at: Path.join(folder, "socket"), handshakeLimit: handshakeLimit)
            defer { server.stop() }
            return try body(server)
        }
    }

    /// Waits until something holds.
    func wait(for what: String, _ condition: () throws -> Bool) throws {
        let deadline = Deadline.after(.seconds(20))
        while try !condition() {
            guard !deadline.isPassed else {
                Issue.record("waited in vain: \(what)")
                return
            }
            sleepThread(for: .milliseconds(2))
        }
    }
}
