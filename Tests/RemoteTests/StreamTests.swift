import Remote
import SSHServers
import Synchronization
import SystemCalls
import Testing

extension RemoteSuites {
    @Suite("streams to addresses as another machine sees them")
    struct StreamTests {
        @Test(
            "a request goes through and its answer comes back", arguments: TestServer.Kind.allCases)
        func exchange(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let echo = try EchoServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                for place in [NetworkPlace.own, LocalRemote().network, remote.network] {
                    let exchange = OneShotExchange(
                        connectLimit: .seconds(10), exchangeLimit: .seconds(20),
                        replyByteLimit: 4 << 20, in: place)
                    for count in [0, 1, 100_000, 3_000_000] {
                        let request = testBytes(count)
                        #expect(try exchange.perform(request, with: echo.address) == request)
                    }
                }
            }
        }

        @Test("each direction ends by itself", arguments: TestServer.Kind.allCases)
        func halves(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let listener = try TCPListener(binding: .loopback())
                let near = try remote.openStream(to: listener.address, until: soon())
                let far = try Self.accept(listener)
                // The far end first, and the near one goes on.
                try Self.send("last words", to: far.descriptor)
                try far.finishSending()
                #expect(Self.readAll(near) == "last words")
                try Self.send("still here", to: near)
                try near.finishSending()
                #expect(Self.readAll(far.descriptor) == "still here")
            }
        }

        @Test("closing one end closes the other", arguments: TestServer.Kind.allCases)
        func closing(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let listener = try TCPListener(binding: .loopback())
                let near = try remote.openStream(to: listener.address, until: soon())
                let far = try Self.accept(listener)
                try Self.send("bye", to: near)
                near.close()
                #expect(Self.readAll(far.descriptor) == "bye")
                let other = try remote.openStream(to: listener.address, until: soon())
                let otherFar = try Self.accept(listener)
                try Self.send("bye", to: otherFar.descriptor)
                otherFar.close()
                #expect(Self.readAll(other) == "bye")
            }
        }

        @Test(
            "a port where nobody listens is a refused connection",
            arguments: TestServer.Kind.allCases)
        func refused(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let ports = try FreePorts(1)
                let address = SocketAddress.loopback(port: ports.numbers[0])
                let failure = #expect(throws: OneShotExchange.Failure.self) {
                    try OneShotExchange(
                        connectLimit: .seconds(10), exchangeLimit: .seconds(1), in: remote.network
                    ).perform([1], with: address)
                }
                #expect(failure?.progress == .connecting)
                #expect(failure?.cause.isRefused == true)
                let echo = try EchoServer()
                let exchange = OneShotExchange(
                    connectLimit: .seconds(10), exchangeLimit: .seconds(10), in: remote.network)
                #expect(try exchange.perform([5], with: echo.address) == [5])
            }
        }

        @Test("60 streams and 9 commands at a time do not mix", arguments: TestServer.Kind.allCases)
        func many(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let echo = try EchoServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let wrong = Mutex<[String]>([])
                try onThreads(69) { number in
                    do {
                        if number >= 60 {
                            let result = try remote.execute(
                                "seq 20000 | grep -c \(number)", until: soon())
                            let count = (1...20000).count { "\($0)".contains("\(number)") }
                            if result.outputText != "\(count)\n" {
                                wrong.withLock { $0.append(result.outputText) }
                            }
                            return
                        }
                        let exchange = OneShotExchange(
                            connectLimit: .seconds(30), exchangeLimit: .seconds(60),
                            in: remote.network)
                        for round in 0..<5 {
                            let request = [UInt8](
                                repeating: UInt8(number * 4 + round % 4), count: 50_000)
                            if try exchange.perform(request, with: echo.address) != request {
                                wrong.withLock { $0.append("stream \(number)") }
                            }
                        }
                    } catch {
                        wrong.withLock { $0.append("\(error)") }
                    }
                }
                #expect(wrong.withLock { $0 } == [], "\(server.log.suffix(3000))")
            }
        }

        @Test("who reads slowly holds up nobody else", arguments: TestServer.Kind.allCases)
        func slowReader(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let echo = try EchoServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let listener = try TCPListener(binding: .loopback())
                let slow = try remote.openStream(to: listener.address, until: soon())
                let far = try Self.accept(listener)
                let count = 20_000_000
                _ = try WorkerThread(name: "flood") {
                    let bytes = [UInt8](repeating: 9, count: 64 << 10)
                    var left = count
                    while left > 0 {
                        let taken = bytes.withUnsafeBytes {
                            (try? far.send(
                                UnsafeRawBufferPointer(rebasing: $0[..<min(left, $0.count)])))
                        }
                        guard let taken else { return }
                        left -= taken
                        if taken == 0 { _ = try? far.descriptor.waitUntilWritable(soon()) }
                    }
                    try? far.finishSending()
                }
                _ = try slow.waitUntilReadable(soon())
                let exchange = OneShotExchange(
                    connectLimit: .seconds(10), exchangeLimit: .seconds(10), in: remote.network)
                for round in 0..<20 {
                    let request = [UInt8](repeating: UInt8(round), count: 10_000)
                    #expect(try exchange.perform(request, with: echo.address) == request)
                }
                #expect(Self.count(slow) == count)
            }
        }

        // MARK: - Ends of streams

        static func accept(_ listener: TCPListener) throws -> TCPConnection {
            while true {
                guard try listener.descriptor.waitUntilReadable(soon()) else {
                    throw TestServer.Failure(description: "nobody connects")
                }
                if let connection = try listener.accept() { return connection }
            }
        }

        static func send(_ text: String, to descriptor: FileDescriptor) throws {
            let bytes = Array(text.utf8)
            let count = try bytes.withUnsafeBytes { try descriptor.send($0) }
            #expect(count == bytes.count)
        }

        static func readAll(_ descriptor: FileDescriptor) -> String {
            var bytes: [UInt8] = []
            while (try? descriptor.waitUntilReadable(soon())) == true,
                let piece = try? descriptor.read(atMost: 64 << 10), !piece.isEmpty
            {
                bytes += piece
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        static func count(_ descriptor: FileDescriptor) -> Int {
            var count = 0
            while (try? descriptor.waitUntilReadable(soon())) == true,
                let piece = try? descriptor.read(atMost: 1 << 20), !piece.isEmpty
            {
                count += piece.count
            }
            return count
        }
    }
}

/// Gives back what it is sent, as it comes, each connection on a thread of its own.
final class EchoServer: Sendable {
    let address: SocketAddress
    private let isOver = Mutex(false)

    init() throws {
        let listener = try TCPListener(binding: .loopback())
        address = listener.address
        _ = try WorkerThread(name: "echo") { [weak self] in
            while let isOver = self?.isOver.withLock({ $0 }), !isOver {
                guard
                    (try? listener.descriptor.waitUntilReadable(.after(.milliseconds(50)))) == true,
                    let connection = try? listener.accept()
                else { continue }
                _ = try? WorkerThread(name: "echo-1") { Self.serve(connection) }
            }
        }
    }

    deinit {
        isOver.withLock { $0 = true }
    }

    private static func serve(_ connection: TCPConnection) {
        while (try? connection.descriptor.waitUntilReadable(soon())) == true,
            case .bytes(let bytes) = try? connection.receive(atMost: 64 << 10)
        {
            var sent = 0
            while sent < bytes.count {
                let taken = bytes.withUnsafeBytes {
                    try? connection.send(UnsafeRawBufferPointer(rebasing: $0[sent...]))
                }
                guard let taken else { return }
                sent += taken
                if taken == 0 { _ = try? connection.descriptor.waitUntilWritable(soon()) }
            }
        }
        try? connection.finishSending()
        connection.close()
    }
}
