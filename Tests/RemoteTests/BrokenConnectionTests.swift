import Remote
import SSHServers
import Synchronization
import SystemCalls
import TestSupport
import Testing

extension RemoteSuites {
    @Suite("connections that break")
    struct BrokenConnectionTests {
        @Test(
            "cut in the middle of everything, nothing is done twice, and all goes on afterwards",
            arguments: TestServer.Kind.allCases)
        func cut(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let relay = try CutRelay(to: server.address)
                let remote = SSHRemote(server.configuration(route: .direct(relay.address)))
                defer { remote.close() }
                try remote.connect(until: soon())
                let echo = try EchoServer()
                let source = Path.join(server.folder, "source")
                try FileSystem.write(testBytes(2_000_000), to: source)
                let done = Mutex<Set<String>>([])
                let open = Mutex<Set<String>>([])
                let wrong = Mutex<[String]>([])
                let isOver = Mutex(false)
                let cutter = try WorkerThread(name: "cutter") {
                    for _ in 0..<8 {
                        let before = relay.passed
                        let limit = Deadline.after(.seconds(5))
                        while relay.passed < before + 30_000, !limit.isPassed {
                            sleepThread(for: .milliseconds(1))
                        }
                        relay.cut()
                    }
                    isOver.withLock { $0 = true }
                }
                let book = Path.join(server.folder, "book")
                try onThreads(6) { number in
                    var round = 0
                    while !isOver.withLock({ $0 }) {
                        round += 1
                        let line = "\(number).\(round)"
                        do {
                            switch number {
                            case 0:
                                let target = Path.join(server.folder, "uploaded")
                                try remote.upload(
                                    source, to: target, permissions: 0o644, until: soon())
                            case 1:
                                let target = Path.join(server.folder, "downloaded")
                                try remote.download(source, to: target, until: soon())
                            case 2:
                                let bytes = testBytes(200_000)
                                let answer = try OneShotExchange(
                                    connectLimit: .seconds(20), exchangeLimit: .seconds(20),
                                    in: remote.network
                                ).perform(bytes, with: echo.address)
                                // A stream that breaks ends early, and never says anything else.
                                if !bytes.starts(with: answer) {
                                    wrong.withLock { $0.append("stream \(round)") }
                                }
                            default:
                                let answer = try remote.execute(
                                    "echo \(line) >> \(book); head -c 20000 /dev/zero",
                                    until: soon())
                                if answer.output != [UInt8](repeating: 0, count: 20000) {
                                    wrong.withLock { $0.append("command \(line)") }
                                }
                                _ = done.withLock { $0.insert(line) }
                            }
                        } catch let error as RemoteError {
                            if case .lost = error.cause {
                            } else {
                                wrong.withLock { $0.append("\(error)") }
                            }
                            if !error.mayHaveHappened { wrong.withLock { $0.append("\(error)") } }
                            _ = open.withLock { $0.insert(line) }
                        } catch {
                            // Streams fail in the manner of sockets.
                        }
                    }
                }
                cutter.join()
                #expect(wrong.withLock { $0 } == [])
                #expect(relay.accepted > 8)
                let text = try FileSystem.read(book, limit: 10 << 20)
                let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(
                    String.init)
                #expect(Set(lines).count == lines.count, "a command ran twice")
                #expect(done.withLock { $0 }.isSubset(of: lines))
                let known = done.withLock { $0 }.union(open.withLock { $0 })
                #expect(Set(lines).isSubset(of: known))
                #expect(try remote.execute("echo on", until: soon()).outputText == "on\n")
                for name in ["uploaded", "downloaded"] {
                    let path = Path.join(server.folder, name)
                    guard FileSystem.exists(path) else { continue }
                    #expect(try FileSystem.read(path, limit: 10 << 20) == testBytes(2_000_000))
                }
            }
        }

        @Test("a session that broke while nobody used it is not noticed by the next one")
        func idle() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let relay = try CutRelay(to: server.address)
                let remote = SSHRemote(server.configuration(route: .direct(relay.address)))
                defer { remote.close() }
                for round in 1...5 {
                    #expect(
                        try remote.execute("echo \(round)", until: soon()).outputText
                            == "\(round)\n")
                    #expect(relay.accepted == round)
                    relay.cut()
                    // The relay's threads see it within their turn.
                    sleepThread(for: .milliseconds(200))
                }
            }
        }

        @Test("a server that refuses for a while is tried again until it is back")
        func refusing() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let relay = try CutRelay(to: server.address)
                let remote = SSHRemote(server.configuration(route: .direct(relay.address)))
                defer { remote.close() }
                relay.becomes(.refusing)
                let once = #expect(throws: RemoteError.self) { try remote.connect(until: soon()) }
                #expect(once?.mayHaveHappened == false)
                let before = relay.accepted
                let healer = try WorkerThread(name: "healer") {
                    while relay.accepted < before + 3 { sleepThread(for: .milliseconds(5)) }
                    relay.becomes(.passing)
                }
                #expect(try remote.execute("echo back", until: soon()).outputText == "back\n")
                healer.join()
            }
        }

        @Test("a server that is killed is a lost command, then a refused connection")
        func killed() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let mark = Path.join(server.folder, "mark")
                let killer = try WorkerThread(name: "killer") {
                    while !FileSystem.exists(mark) { sleepThread(for: .milliseconds(2)) }
                    server.kill()
                    _ = Shell.run(
                        "kill -KILL $(cat \(mark)) $(cat \(mark).server)")
                }
                let error = #expect(throws: RemoteError.self) {
                    try remote.execute(
                        "echo $PPID > \(mark).server; echo $$ > \(mark); exec sleep 100",
                        until: soon())
                }
                killer.join()
                guard case .lost = error?.cause else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(error?.mayHaveHappened == true)
                let later = #expect(throws: RemoteError.self) {
                    try remote.execute("true", until: .after(.seconds(1)))
                }
                guard case .unreachable(let cause) = later?.cause, cause.isRefused else {
                    Issue.record("\(String(describing: later))")
                    return
                }
                #expect(later?.mayHaveHappened == false)
            }
        }

        @Test("silence breaks a session, and signs of life keep it")
        func silence() async throws {
            try await onOwnThread {
                let server = try TestServer(options: ["ClientAliveInterval 1"])
                let quiet = try CutRelay(to: server.address)
                let relays = try (0..<2).map { _ in try CutRelay(to: server.address) }
                let remotes = ([quiet] + relays).map { relay in
                    SSHRemote(
                        server.configuration(route: .direct(relay.address)) {
                            $0.limits.keepAlive = .seconds(2)
                        })
                }
                defer { for remote in remotes { remote.close() } }
                for remote in remotes { try remote.connect(until: soon()) }
                let results = Mutex<[Int: String]>([:])
                try onThreads(3) { number in
                    let text: String
                    do throws(RemoteError) {
                        switch number {
                        case 0:
                            quiet.becomes(.silent)
                            text = try remotes[0].execute("sleep 60", until: soon()).outputText
                        case 1:
                            text = try remotes[1].execute("sleep 9; echo busy", until: soon())
                                .outputText
                        default:
                            sleepThread(for: .seconds(9))
                            text = try remotes[2].execute("echo idle", until: soon()).outputText
                        }
                    } catch {
                        text = "\(error)"
                    }
                    results.withLock { $0[number] = text }
                }
                let texts = results.withLock { $0 }
                #expect(texts[0]?.contains("silent") == true, "\(texts[0] ?? "")")
                #expect(texts[1] == "busy\n")
                #expect(texts[2] == "idle\n")
                #expect(relays.map(\.accepted) == [1, 1])
            }
        }

        @Test("new keys are agreed on in the middle of transfers", arguments: [1, 3])
        func rekeying(megabytes: Int) async throws {
            try await onOwnThread {
                let server = try TestServer(options: ["RekeyLimit \(megabytes)M"])
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let source = Path.join(server.folder, "source")
                let bytes = testBytes(12_000_000)
                try FileSystem.write(bytes, to: source)
                let failures = Mutex<[String]>([])
                try onThreads(3) { number in
                    let target = Path.join(server.folder, "target-\(number)")
                    do {
                        switch number {
                        case 0:
                            try remote.upload(source, to: target, permissions: 0o644, until: soon())
                        case 1: try remote.download(source, to: target, until: soon())
                        default:
                            for round in 0..<10 {
                                let answer = try remote.execute("echo \(round)", until: soon())
                                if answer.outputText != "\(round)\n" { throw Wrong() }
                            }
                            return
                        }
                        if try FileSystem.read(target, limit: 20 << 20) != bytes { throw Wrong() }
                    } catch {
                        failures.withLock { $0.append("\(number): \(error)") }
                    }
                }
                #expect(failures.withLock { $0 } == [])
            }
        }

        struct Wrong: Error {}

        @Test("a connection that does not come about holds up no other")
        func stuck() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                // A listener whose queue is full answers nobody.
                let full = try TCPListener(binding: .loopback(), backlog: 0)
                var waiting: [TCPConnection] = []
                while let one = try? TCPConnection.connect(
                    to: full.address, until: .after(.milliseconds(300)))
                {
                    waiting.append(one)
                    guard waiting.count < 100 else { break }
                }
                let echo = try EchoServer()
                let exchange = OneShotExchange(
                    connectLimit: .seconds(20), exchangeLimit: .seconds(20), in: remote.network)
                for round in 0..<3 {
                    let error = #expect(throws: RemoteError.self) {
                        try remote.openStream(to: full.address, until: .after(.milliseconds(300)))
                    }
                    guard case .deadline = error?.cause else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                    let bytes = [UInt8(round), 1]
                    #expect(try exchange.perform(bytes, with: echo.address) == bytes)
                }
                for one in waiting { one.close() }
            }
        }
    }
}
