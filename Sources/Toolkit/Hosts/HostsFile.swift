public import SystemCalls
import YAMLText

/// The machines of `--hosts FILE` (docs/reference/hosts.md): three hosts, and how they are reached.
/// A key or value that is not understood is an error with its line.
public struct HostsFile: Hashable, Sendable {
    /// One machine, with replica 1, 2 or 3 by its place in the list.
    public struct Host: Hashable, Sendable {
        /// Where the other hosts reach it: numbers, no name.
        public var address: SocketAddress.Host
        public var login: Login
        /// The folder below which everything lies there.
        public var folder: String
        /// Control, client and protocol port of the first lane; each further lane has the next.
        public var ports: Ports
    }

    public struct Ports: Hashable, Sendable {
        public var control: UInt16
        public var client: UInt16
        public var `protocol`: UInt16
    }

    /// How a machine is reached by SSH.
    public struct Login: Hashable, Sendable {
        public var address: SocketAddress
        public var user: String
        /// A private key's file; nil for the keys of the agent.
        public var key: String?
    }

    public var hosts: [Host]
    /// A machine through which all hosts are reached.
    public var jump: Login?
    /// How many clusters can stand side by side on these hosts.
    public var lanes: Int

    /// Why a file cannot be used, with its line.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    public static let lanesRange: ClosedRange<UInt64> = 1...16
    static let fileLimit = 64 << 10

    init(hosts: [Host], jump: Login?, lanes: Int) {
        self.hosts = hosts
        self.jump = jump
        self.lanes = lanes
    }

    /// Paths in it are relative to its own folder.
    public init(path: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path, limit: Self.fileLimit)
        } catch {
            throw Failure(description: "\(error)")
        }
        do throws(YAMLError) {
            self = try HostsReader(folder: Path.parent(of: path) ?? ".").file(bytes)
        } catch {
            throw Failure(description: "\(path):\(error)")
        }
    }
}

private struct HostsReader {
    let folder: String

    private static let topKeys = ["hosts", "user", "key", "folder", "ports", "lanes", "jump"]
    private static let hostKeys = ["address", "ssh", "user", "key", "folder", "ports"]
    private static let jumpKeys = ["ssh", "user", "key"]
    private static let portKeys = ["control", "client", "protocol"]

    /// What holds for every host that says nothing else.
    private struct Defaults {
        var user = "root"
        var key: String?
        var folder = "/var/lib/allocdb-jepsen"
        var ports = HostsFile.Ports(control: 17_000, client: 18_000, protocol: 19_000)
    }

    func file(_ bytes: [UInt8]) throws(YAMLError) -> HostsFile {
        guard let document = try YAMLText.parse(bytes) else {
            throw YAMLError(
                place: .init(line: 1, column: 1),
                problem: "the file is empty; it lists three `hosts`")
        }
        let top = try document.fields(Self.topKeys, of: "a file of hosts")
        var defaults = Defaults()
        if let node = top["user"] { defaults.user = try user(node) }
        if let node = top["key"] { defaults.key = try path(node) }
        if let node = top["folder"] { defaults.folder = try farFolder(node) }
        if let node = top["ports"] { defaults.ports = try ports(node) }
        let lanes = try top["lanes"]?.number(HostsFile.lanesRange, of: "lanes") ?? 1
        guard let list = top["hosts"] else {
            throw YAMLError(place: document.place, problem: "`hosts` is missing: three machines")
        }
        let nodes = try list.elements()
        guard nodes.count == 3 else {
            throw YAMLError(
                place: list.place, problem: "three hosts are needed, not \(nodes.count)")
        }
        var hosts: [HostsFile.Host] = []
        for node in nodes { hosts.append(try host(node, defaults)) }
        try refuseCollisions(hosts, Int(lanes), list)
        var jump: HostsFile.Login?
        if let node = top["jump"] {
            let given = try node.fields(Self.jumpKeys, of: "the jump")
            guard let ssh = given["ssh"] else {
                throw YAMLError(place: node.place, problem: "`ssh` is missing: address and port")
            }
            jump = HostsFile.Login(
                address: try address(ssh), user: try given["user"].map(user) ?? defaults.user,
                key: try given["key"].map(path) ?? defaults.key)
        }
        return HostsFile(hosts: hosts, jump: jump, lanes: Int(lanes))
    }

    private func host(
        _ node: YAMLNode, _ defaults: Defaults
    ) throws(YAMLError) -> HostsFile.Host {
        let given = try node.fields(Self.hostKeys, of: "a host")
        guard let own = given["address"] else {
            throw YAMLError(
                place: node.place, problem: "`address` is missing: where the other hosts reach it")
        }
        guard let reached = SocketAddress("\(try own.text()):22") else {
            throw YAMLError(
                place: own.place,
                problem: "`\(try own.text())` is no address: numbers, for example 10.0.0.7")
        }
        return HostsFile.Host(
            address: reached.host,
            login: HostsFile.Login(
                address: try given["ssh"].map(address) ?? reached,
                user: try given["user"].map(user) ?? defaults.user,
                key: try given["key"].map(path) ?? defaults.key),
            folder: try given["folder"].map(farFolder) ?? defaults.folder,
            ports: try given["ports"].map(ports) ?? defaults.ports)
    }

    private func ports(_ node: YAMLNode) throws(YAMLError) -> HostsFile.Ports {
        let given = try node.fields(Self.portKeys, of: "ports")
        func port(_ key: String) throws(YAMLError) -> UInt16 {
            guard let value = given[key] else {
                throw YAMLError(place: node.place, problem: "the port `\(key)` is missing")
            }
            return UInt16(try value.number(1...65_535, of: "a port"))
        }
        return HostsFile.Ports(
            control: try port("control"), client: try port("client"),
            protocol: try port("protocol"))
    }

    private func address(_ node: YAMLNode) throws(YAMLError) -> SocketAddress {
        let text = try node.text()
        guard let address = SocketAddress(text) ?? SocketAddress(text + ":22") else {
            throw YAMLError(
                place: node.place,
                problem: "`\(text)` is no address: numbers, with a port unless it is 22, for "
                    + "example 10.0.0.7:2222")
        }
        return address
    }

    private func user(_ node: YAMLNode) throws(YAMLError) -> String {
        let text = try node.text()
        guard !text.isEmpty, !text.contains(where: \.isWhitespace) else {
            throw YAMLError(place: node.place, problem: "`\(text)` is no user's name")
        }
        return text
    }

    /// A file of this machine.
    private func path(_ node: YAMLNode) throws(YAMLError) -> String {
        let text = try node.text()
        if text.hasPrefix("~/"), let home = Environment["HOME"] {
            return Path.join(home, String(text.dropFirst(2)))
        }
        return text.hasPrefix("/") ? text : Path.join(folder, text)
    }

    private func farFolder(_ node: YAMLNode) throws(YAMLError) -> String {
        let text = try node.text()
        guard text.hasPrefix("/"), text.count > 1, !text.contains("\n"), !text.hasSuffix("/") else {
            throw YAMLError(
                place: node.place,
                problem: "`\(text)` is no folder of its own: an absolute path, and not the root")
        }
        return text
    }

    /// Hosts may be one machine, as long as nothing of theirs meets.
    private func refuseCollisions(
        _ hosts: [HostsFile.Host], _ lanes: Int, _ list: YAMLNode
    ) throws(YAMLError) {
        var taken: Set<SocketAddress> = []
        for host in hosts {
            for first in [host.ports.control, host.ports.client, host.ports.protocol] {
                for lane in 0..<lanes {
                    guard Int(first) + lane <= 65_535 else {
                        throw YAMLError(
                            place: list.place, problem: "port \(first) leaves no room for lanes")
                    }
                    let address = SocketAddress(host: host.address, port: first + UInt16(lane))
                    guard taken.insert(address).inserted else {
                        throw YAMLError(
                            place: list.place, problem: "\(address) would be used twice")
                    }
                }
            }
        }
    }
}
