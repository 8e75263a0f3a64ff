import SystemCalls
import TestSupport
import Testing

@testable import Hosts

@Suite("The file of hosts") struct HostsFileTests {
    private func read(_ text: String) throws -> HostsFile {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "hosts-file")
        defer { try? FileSystem.removeTree(folder) }
        let path = Path.join(folder, "hosts.yaml")
        try FileSystem.write(Array(text.utf8), to: path)
        do {
            return try HostsFile(path: path)
        } catch {
            throw HostsFile.Failure(
                description: "\(error)".replacing(folder + "/", with: ""))
        }
    }

    private static let three = """
        hosts:
          - address: 10.0.0.1
          - address: 10.0.0.2
          - address: 10.0.0.3

        """

    @Test("what it does not say is as documented")
    func defaults() throws {
        let file = try read(Self.three)
        #expect(file.lanes == 1 && file.jump == nil)
        #expect(file.hosts.map { "\($0.login.address)" } == (1...3).map { "10.0.0.\($0):22" })
        let first = file.hosts[0]
        #expect(first.login.user == "root" && first.login.key == nil)
        #expect(first.folder == "/var/lib/allocdb-jepsen")
        #expect(first.ports == .init(control: 17_000, client: 18_000, protocol: 19_000))
    }

    @Test("a host says otherwise than the file, and paths are beside the file")
    func overriding() throws {
        let file = try read(
            "user: jepsen\nkey: /keys/one\nlanes: 3\njump: {ssh: '192.0.2.1:2222', user: me}\n"
                + Self.three.replacing(
                    "10.0.0.2",
                    with: "10.0.0.2\n    ssh: 192.0.2.2\n    key: two\n    folder: /srv/x"))
        #expect(file.lanes == 3)
        #expect(file.hosts.map(\.login.user) == ["jepsen", "jepsen", "jepsen"])
        #expect(file.hosts[1].login.key?.hasSuffix("/two") == true)
        #expect(file.hosts[1].login.key?.hasPrefix("/") == true)
        #expect("\(file.hosts[1].login.address)" == "192.0.2.2:22")
        #expect(file.hosts.map(\.folder).last == "/var/lib/allocdb-jepsen")
        #expect(file.hosts[1].folder == "/srv/x")
        let jump = try #require(file.jump)
        #expect("\(jump.address)" == "192.0.2.1:2222" && jump.user == "me")
        #expect(jump.key == "/keys/one")
    }

    @Test(
        "what is not understood is an error with its place",
        arguments: [
            ("", "hosts.yaml:1:1: the file is empty; it lists three `hosts`"),
            ("lanes: 2\n", "hosts.yaml:1:1: `hosts` is missing: three machines"),
            ("hosts:\n  - address: 10.0.0.1\n", "hosts.yaml:2:3: three hosts are needed, not 1"),
            (
                three.replacing("10.0.0.2", with: "allocdb.example"),
                "hosts.yaml:3:14: `allocdb.example` is no address: numbers, for example 10.0.0.7"
            ),
            (
                "usr: me\n" + three,
                "hosts.yaml:1:1: unknown key `usr`; did you mean `user`?"
            ),
            (
                "folder: /\n" + three,
                "hosts.yaml:1:9: `/` is no folder of its own: an absolute path, and not the root"
            ),
            (
                "lanes: 0\n" + three,
                "hosts.yaml:1:8: `0` is not a whole number (lanes) from 1 to 16"
            ),
            (
                three.replacing("10.0.0.2", with: "10.0.0.1"),
                "hosts.yaml:2:3: 10.0.0.1:17000 would be used twice"
            ),
            (
                "ports: {control: 1, client: 2}\n" + three,
                "hosts.yaml:1:8: the port `protocol` is missing"
            ),
            (
                "ports: {control: 1, client: 2, protocol: 3}\nlanes: 2\n" + three,
                "hosts.yaml:4:3: 10.0.0.1:2 would be used twice"
            ),
        ])
    func errors(text: String, message: String) throws {
        let error = #expect(throws: HostsFile.Failure.self) { try read(text) }
        #expect(error?.description == message)
    }
}
