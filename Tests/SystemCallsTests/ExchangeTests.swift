import SystemCalls
import TestSupport
import Testing

/// Accepts one connection on loopback and hands it to `body` on a thread of its own.
private func withPeer(
    _ body: @escaping @Sendable (TCPConnection) -> Void,
    _ test: (SocketAddress) throws -> Void
) throws {
    let listener = try TCPListener(binding: .loopback())
    let thread = try WorkerThread(name: "peer") {
        guard (try? listener.descriptor.waitUntilReadable(.after(.seconds(10)))) == true,
            let connection = (try? listener.accept()) ?? nil
        else { return }
        body(connection)
    }
    defer { thread.join() }
    try test(listener.address)
}

private func readToEnd(_ connection: TCPConnection) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
        switch try? connection.receive(atMost: 4096) {
        case .bytes(let more): bytes += more
        case .nothingYet:
            _ = try? connection.descriptor.waitUntilReadable(.after(.seconds(5)))
        case .end, nil: return bytes
        }
    }
}

private func send(_ bytes: [UInt8], on connection: TCPConnection) {
    var sent = 0
    while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { (try? connection.send($0)) ?? bytes.count }
        sent += count
        if count == 0 {
            _ = try? connection.descriptor.waitUntilWritable(.after(.seconds(5)))
        }
    }
}

@Suite struct ExchangeTests {
    let exchange = OneShotExchange(
        connectLimit: .seconds(1), exchangeLimit: .milliseconds(300), replyByteLimit: 100_000)

    @Test("a request arrives whole and its reply comes back, small and large")
    func echo() throws {
        for size in [0, 1, 100_000] {
            try withPeer(
                { connection in send(readToEnd(connection), on: connection) },
                { address throws in
                    let request = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
                    var patient = exchange
                    patient.exchangeLimit = .seconds(10)
                    #expect(try patient.perform(request, with: address) == request)
                })
        }
    }

    @Test("a refused connection is known to have sent nothing")
    func refused() throws {
        let address = try TCPListener(binding: .loopback()).address
        #expect {
            try exchange.perform([1], with: address)
        } throws: { error in
            let failure = error as? OneShotExchange.Failure
            return failure?.progress == .connecting && failure?.cause.isRefused == true
        }
    }

    @Test("a silent peer costs the limit and no more")
    func silent() throws {
        try withPeer(
            { connection in
                _ = readToEnd(connection)
                sleepThread(for: .milliseconds(800))
            },
            { address throws in
                let start = Instant.now
                #expect {
                    try exchange.perform([1], with: address)
                } throws: { error in
                    let failure = error as? OneShotExchange.Failure
                    return failure?.progress == .receiving(bytesReceived: [])
                        && failure?.cause.isTimeout == true
                }
                #expect(Instant.now - start < .milliseconds(700))
            })
    }

    @Test("a reset, and an answer that breaks off, say how far the exchange came")
    func reset() throws {
        for answer in [[], [1, 2, 3]] as [[UInt8]] {
            try withPeer(
                { connection in
                    _ = readToEnd(connection)
                    send(answer, on: connection)
                    // Give the bytes their way: a reset may overtake them.
                    sleepThread(for: .milliseconds(50))
                    try? connection.resetOnClose()
                    connection.close()
                },
                { address throws in
                    #expect {
                        try exchange.perform([1], with: address)
                    } throws: { error in
                        let failure = error as? OneShotExchange.Failure
                        return failure?.progress == .receiving(bytesReceived: answer)
                            && failure?.cause.isReset == true
                    }
                })
        }
    }

    @Test("an endless answer is cut off at its limit")
    func endless() throws {
        try withPeer(
            { connection in send([UInt8](repeating: 1, count: 400_000), on: connection) },
            { address throws in
                #expect(throws: OneShotExchange.Failure.self) {
                    try exchange.perform([1], with: address)
                }
            })
    }

    @Test(
        "numeric addresses are read, names and nonsense are not",
        arguments: [
            ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:65535", "[0:0:0:0:0:0:0:1]:65535"),
            ("localhost:80", nil), ("127.0.0.1", nil), ("127.0.0.1:", nil), ("::1:80", nil),
            ("127.0.0.1:65536", nil), ("127.0.0.1:+1", nil), ("", nil), ("[127.0.0.1]:1", nil),
        ] as [(String, String?)])
    func addresses(text: String, read: String?) {
        #expect(SocketAddress(text)?.description == read)
    }

    @Test("a waiting poller is woken from another thread")
    func wakeUp() throws {
        let poller = try Poller()
        let wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor, token: 7, interest: .readable)
        #expect(try poller.wait(.milliseconds(1)).isEmpty)
        let thread = try WorkerThread(name: "waker") { wakeUp.signal() }
        #expect(try poller.wait(.seconds(10)).map(\.token) == [7])
        thread.join()
        wakeUp.consume()
        #expect(try poller.wait(.zero).isEmpty)
    }
}
