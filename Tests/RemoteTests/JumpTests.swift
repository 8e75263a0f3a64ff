import Remote
import SSHServers
import SecureShell
import SystemCalls
import Testing

extension RemoteSuites {
    @Suite("a machine behind another one")
    struct JumpTests {
        @Test(
            "it is reached through a stream of the first, and behaves like any other",
            arguments: TestServer.Kind.allCases, TestServer.Kind.allCases)
        func jump(first: TestServer.Kind, second: TestServer.Kind) async throws {
            try await onOwnThread {
                let outer = try TestServer(first)
                let inner = try TestServer(second)
                let jump = SSHRemote(outer.configuration())
                defer { jump.close() }
                let remote = SSHRemote(inner.configuration(route: .through(jump, inner.address)))
                defer { remote.close() }
                #expect(
                    try SSHRemote.hostKey(at: inner.address, through: jump, until: soon())
                        == inner.hostKey)
                try remote.connect(until: soon())
                try CommandTests.behavesLikeAShell(remote)
                try TransferTests.copiesFiles(remote, in: inner.folder)
                let echo = try EchoServer()
                let exchange = OneShotExchange(
                    connectLimit: .seconds(10), exchangeLimit: .seconds(10), in: remote.network)
                let request = [UInt8](repeating: 3, count: 500_000)
                #expect(try exchange.perform(request, with: echo.address) == request)
            }
        }

        @Test("when the first is lost, both are found again")
        func lost() async throws {
            try await onOwnThread {
                let outer = try TestServer()
                let inner = try TestServer()
                let relay = try CutRelay(to: outer.address)
                let jump = SSHRemote(outer.configuration(route: .direct(relay.address)))
                defer { jump.close() }
                let remote = SSHRemote(inner.configuration(route: .through(jump, inner.address)))
                defer { remote.close() }
                try remote.connect(until: soon())
                relay.cut()
                for _ in 0..<3 {
                    // The first may still meet the broken connection, and must say so.
                    do {
                        #expect(try remote.execute("echo on", until: soon()).outputText == "on\n")
                    } catch let error as RemoteError {
                        guard case .lost = error.cause, error.mayHaveHappened else {
                            Issue.record("\(error)")
                            continue
                        }
                    }
                }
                #expect(try remote.execute("echo on", until: soon()).outputText == "on\n")
            }
        }
    }
}
