import Remote
import SSHServers
import Synchronization
import SystemCalls
import TestSupport
import Testing

extension RemoteSuites {
    @Suite("commands on another machine")
    struct CommandTests {
        @Test(
            "a command gets its input, and its outputs and status come back",
            arguments: TestServer.Kind.allCases)
        func command(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                try remote.connect(until: soon())
                try Self.behavesLikeAShell(remote)
            }
        }

        @Test("this machine behaves like another one")
        func local() async throws {
            try await onOwnThread { try Self.behavesLikeAShell(LocalRemote()) }
        }

        static func behavesLikeAShell(_ remote: any Remote) throws {
            let input = Array("one\ntwo\n".utf8)
            let line = "cat; echo wrong >&2; exit 3"
            let result = try remote.execute(line, input: input, until: soon())
            #expect(result.outputText == "one\ntwo\n")
            #expect(result.errorText == "wrong\n")
            #expect(result.status == .exited(code: 3))
            #expect(try remote.execute("true", until: soon()).status.isSuccess)
            let killed = try remote.execute("kill -KILL $$", until: soon())
            #expect(killed.status == .signaled(name: "KILL"))
            let word = "it's $HOME \"and\" `more` \\ é"
            let echoed = try remote.execute(
                "printf %s \(ShellText.quoted(word))", until: soon())
            #expect(echoed.outputText == word)
            // Nobody reads the input, and that is no failure.
            let ignored = [UInt8](repeating: 7, count: 8 << 20)
            #expect(
                try remote.execute("exit 4", input: ignored, until: soon()).status
                    == .exited(code: 4))
        }

        @Test("a megabyte on each stream comes whole", arguments: TestServer.Kind.allCases)
        func large(kind: TestServer.Kind) async throws {
            try await onOwnThread {
                let server = try TestServer(kind)
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let line = "head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero | tr '\\0' x"
                let result = try remote.execute(line, until: soon())
                #expect(result.error == [UInt8](repeating: 0, count: 1_000_000))
                #expect(result.output == [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000))
                let bytes = testBytes(3_000_000)
                #expect(try remote.execute("cat", input: bytes, until: soon()).output == bytes)
            }
        }

        @Test("more output than fits is an error, and the session goes on")
        func tooMuch() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                for target in [remote as any Remote, LocalRemote()] {
                    let error = #expect(throws: RemoteError.self) {
                        try target.execute("head -c 5000000 /dev/zero", until: soon())
                    }
                    #expect(error?.cause == .tooMuchOutput(limit: CommandResult.byteLimit))
                }
                #expect(try remote.execute("echo on", until: soon()).outputText == "on\n")
            }
        }

        @Test("a command that takes too long is let go of, and others go on")
        func deadline() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                try remote.connect(until: soon())
                for target in [remote as any Remote, LocalRemote()] {
                    let error = #expect(throws: RemoteError.self) {
                        try target.execute("sleep 60", until: .after(.milliseconds(300)))
                    }
                    #expect(error?.cause == .deadline(waitingFor: "the end of the command"))
                    #expect(error?.mayHaveHappened == true)
                }
                #expect(try remote.execute("echo on", until: soon()).outputText == "on\n")
            }
        }

        @Test("60 commands at a time run in sessions of ten each")
        func many() async throws {
            try await onOwnThread {
                let server = try TestServer()
                let relay = try CutRelay(to: server.address)
                let remote = SSHRemote(server.configuration(route: .direct(relay.address)))
                defer { remote.close() }
                try remote.connect(until: soon())
                // All must be there at the same time for one to go on.
                let meeting = server.folder + "/meeting"
                let gate = server.folder + "/gate"
                try FileSystem.createFolders(meeting)
                #expect(Shell.run("mkfifo \(gate)").status == 0)
                let opener = try WorkerThread(name: "opener") {
                    let limit = soon()
                    while (try? FileSystem.list(meeting).count) != 60, !limit.isPassed {
                        sleepThread(for: .milliseconds(10))
                    }
                    // Once open for writing too, the gate lets everybody pass and none come to its end.
                    let writer = try? FileSystem.open(gate, .update)
                    for _ in 0..<60 { try? writer?.writeAll(Array("g".utf8)) }
                    while (try? FileSystem.list(meeting).count) != 0, !limit.isPassed {
                        sleepThread(for: .milliseconds(10))
                    }
                }
                let answers = Mutex<[Int: String]>([:])
                try onThreads(60) { number in
                    do {
                        let line =
                            "touch \(meeting)/\(number) && head -c 1 \(gate) "
                            + "&& rm \(meeting)/\(number) && echo o \(number)"
                        let result = try remote.execute(line, until: soon())
                        answers.withLock { $0[number] = result.outputText }
                    } catch {
                        answers.withLock { $0[number] = "\(error)" }
                    }
                }
                for number in 0..<60 {
                    #expect(answers.withLock { $0[number] } == "go \(number)\n")
                }
                opener.join()
                #expect(relay.accepted == 6)
            }
        }

        @Test("a server that allows fewer channels is believed")
        func fewChannels() async throws {
            try await onOwnThread {
                let server = try TestServer(options: ["MaxSessions 2"])
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                try remote.connect(until: soon())
                let answers = Mutex<[String]>([])
                try onThreads(9) { number in
                    let text: String
                    do {
                        text = try remote.execute("sleep 0.2; echo yes", until: soon()).outputText
                    } catch {
                        text = "\(error)"
                    }
                    answers.withLock { $0.append(text) }
                }
                #expect(answers.withLock { $0 } == Array(repeating: "yes\n", count: 9))
            }
        }

        @Test("a server that allows no channel at all says so")
        func noChannels() async throws {
            try await onOwnThread {
                let server = try TestServer(options: ["MaxSessions 0"])
                let remote = SSHRemote(server.configuration())
                defer { remote.close() }
                let error = #expect(throws: RemoteError.self) {
                    try remote.execute("true", until: soon())
                }
                guard case .channelRefused = error?.cause else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(error?.description.contains("MaxSessions") == true)
                #expect(error?.mayHaveHappened == false)
            }
        }
    }
}
