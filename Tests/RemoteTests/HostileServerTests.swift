import Randomness
import Remote
import SecureShell
import Synchronization
import SystemCalls
import TestSupport
import Testing

extension RemoteSuites {
    @Suite("servers that are none, or mean harm")
    struct HostileServerTests {
        /// A server that sends something to whoever connects, again and again if asked to.
        final class Impostor: Sendable {
            let address: SocketAddress
            private let isOver = Mutex(false)

            init(_ bytes: [UInt8], endlessly: Bool = false, closing: Bool = false) throws {
                let listener = try TCPListener(binding: .loopback())
                address = listener.address
                _ = try WorkerThread(name: "impostor") { [weak self] in
                    while self?.isOver.withLock({ $0 }) == false {
                        guard
                            (try? listener.descriptor.waitUntilReadable(.after(.milliseconds(20))))
                                == true, let connection = try? listener.accept()
                        else { continue }
                        var goesOn = true
                        while goesOn, self?.isOver.withLock({ $0 }) == false {
                            goesOn = bytes.withUnsafeBytes { (try? connection.send($0)) } != nil
                            if !endlessly { break }
                            _ = try? connection.descriptor.waitUntilWritable(
                                .after(.milliseconds(20)))
                        }
                        while !closing, !endlessly, self?.isOver.withLock({ $0 }) == false,
                            let received = try? connection.receive(atMost: 1000), received != .end
                        {
                            sleepThread(for: .milliseconds(5))
                        }
                        connection.close()
                    }
                }
            }

            deinit {
                isOver.withLock { $0 = true }
            }

            /// What becomes of an attempt to work on it.
            func complaint() throws -> RemoteError? {
                var configuration = SSHConfiguration(
                    user: "nobody", route: .direct(address),
                    hostKey: try #require(
                        HostKey(
                            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                + "AAAAAAAAAAAAAA")), identities: [])
                configuration.limits.connect = .milliseconds(500)
                let remote = SSHRemote(configuration)
                defer { remote.close() }
                return #expect(throws: RemoteError.self) { try remote.connect(until: soon()) }
            }
        }

        @Test("what does not speak SSH is shown")
        func otherProtocol() async throws {
            try await onOwnThread {
                let web = try Impostor(
                    Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), closing: true)
                #expect(try web.complaint()?.cause == .notSSH(seen: "HTTP/1.1 400 Bad Request"))
                let noise = try Impostor([0, 1, 2, 255, 254, 10, 13], closing: true)
                #expect(try noise.complaint()?.cause == .notSSH(seen: "."))
            }
        }

        @Test("who says nothing, or nothing but noise, is given up at the deadline")
        func endless() async throws {
            try await onOwnThread {
                #expect(
                    try Impostor([]).complaint()?.cause
                        == .deadline(waitingFor: "an SSH greeting"))
                let lines = try Impostor(Array("welcome\r\n".utf8), endlessly: true)
                #expect(try lines.complaint()?.cause == .notSSH(seen: "welcome"))
                let noise = try Impostor([UInt8](repeating: 65, count: 50_000), endlessly: true)
                guard case .notSSH = try noise.complaint()?.cause else {
                    Issue.record("endless noise is taken for something else")
                    return
                }
                let halfway = try Impostor(Array("SSH-2.0-slow\r\n".utf8))
                #expect(
                    try halfway.complaint()?.cause == .deadline(waitingFor: "the key exchange"))
            }
        }

        @Test("who closes at once may only be busy, and the error is no verdict")
        func closing() async throws {
            try await onOwnThread {
                guard case .lost = try Impostor([], closing: true).complaint()?.cause else {
                    Issue.record("a connection closed at once is not called lost")
                    return
                }
            }
        }

        @Test("noise after a proper greeting breaks nothing but the connection")
        func noise() async throws {
            try await onOwnThread {
                for seed in 1...30 {
                    var random = SeededRandom(seed: UInt64(seed))
                    let noise = (0..<3000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    // A plausible length first, so that some of it is taken for a packet.
                    let bytes =
                        Array("SSH-2.0-x\r\n".utf8) + [0, 0, 2, UInt8(seed), 10, 20] + noise
                    let error = try Impostor(bytes, closing: true).complaint()
                    #expect(error != nil, "seed \(seed)")
                }
            }
        }

        @Test("a port where nobody listens says what to do")
        func refused() async throws {
            try await onOwnThread {
                let ports = try FreePorts(1)
                let error = #expect(throws: RemoteError.self) {
                    try SSHRemote.hostKey(
                        at: .loopback(port: ports.numbers[0]), until: soon())
                }
                guard case .unreachable(let cause) = error?.cause, cause.isRefused else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(error?.description.contains("start the SSH server") == true)
            }
        }

        @Test("a greeting is read however it is cut, and never beyond its end")
        func greeting() throws {
            let names = ["kex-a,kex-b", "ssh-rsa", "c1", "c2", "m1", "m2"]
            var packet: [UInt8] = [0, 0, 0, 0, 4, 20] + [UInt8](repeating: 9, count: 16)
            for name in names { packet += [0, 0, 0, UInt8(name.utf8.count)] + Array(name.utf8) }
            let whole = Array("hello\r\nSSH-2.0-test\r\n".utf8) + packet
            for count in whole.indices {
                #expect(ServerGreeting(Array(whole.prefix(count))) == nil)
            }
            let greeting = try #require(ServerGreeting(whole))
            #expect(greeting.hostKeys == ["ssh-rsa"])
            #expect(greeting.keyExchanges == ["kex-a", "kex-b"])
            #expect(greeting.ciphersToUs == ["c2"])
            #expect(greeting.authenticationCodesToUs == ["m2"])
            // A length beyond what is there.
            var lying = whole
            lying[lying.count - packet.count + 22] = 255
            #expect(ServerGreeting(lying) == nil)
        }
    }
}
