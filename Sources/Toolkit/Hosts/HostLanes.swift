import ClusterProtocol
import LeaseKernel
public import Remote
public import SystemCalls
public import Testbed

/// The clusters that can stand on the machines of a file of hosts.
public struct HostLanes: Sendable {
    public let file: HostsFile
    private let remotes: [any Remote]
    private let jump: (any Remote)?

    /// Every machine must be pinned; nothing is reached yet.
    public init(_ file: HostsFile, _ keys: PinnedKeys) throws(HostsFile.Failure) {
        self.file = file
        let jump = try file.jump.map { login throws(HostsFile.Failure) in
            try Self.remote(login, .direct(login.address), keys)
        }
        self.jump = jump
        var remotes: [any Remote] = []
        for host in file.hosts {
            let address = host.login.address
            remotes.append(
                try Self.remote(
                    host.login, jump.map { .through($0, address) } ?? .direct(address), keys))
        }
        self.remotes = remotes
    }

    /// Over machines that are reached already, one for each host.
    public init(_ file: HostsFile, reachedBy remotes: [any Remote]) {
        self.file = file
        self.remotes = remotes
        jump = nil
    }

    private static func remote(
        _ login: HostsFile.Login, _ route: SSHConfiguration.Route, _ keys: PinnedKeys
    ) throws(HostsFile.Failure) -> any Remote {
        guard let key = keys[login.address] else {
            throw HostsFile.Failure(
                description: "the host key of \(login.address) is not known: "
                    + "`allocdb-jepsen hosts prepare FILE` takes it down")
        }
        return SSHRemote(
            SSHConfiguration(
                user: login.user, route: route, hostKey: key,
                identities: [
                    login.key.map { .file(path: $0, passphrase: nil) } ?? .agent(socket: nil)
                ]))
    }

    /// The keys that the machines show now, and the jump's: those not pinned yet are added. This
    /// is the one time that a key is believed unseen; a key other than the pinned one is an error.
    public static func takeDownKeys(
        of file: HostsFile, into keys: inout PinnedKeys, limit: Duration = .seconds(20)
    ) throws(RemoteError) -> [SocketAddress] {
        var added: [SocketAddress] = []
        func see(
            _ login: HostsFile.Login, through jump: (any Remote)?
        ) throws(RemoteError) {
            if keys[login.address] != nil { return }
            keys[login.address] = try SSHRemote.hostKey(
                at: login.address, through: jump, until: .after(limit))
            added.append(login.address)
        }
        var jump: (any Remote)?
        if let login = file.jump {
            try see(login, through: nil)
            jump = try? remote(login, .direct(login.address), keys)
        }
        defer { jump?.close() }
        for host in file.hosts { try see(host.login, through: jump) }
        return added
    }

    // MARK: - Machines

    public static func name(ofLane lane: Int) -> String { "lane-\(lane)" }

    /// The machines of one lane, counted from 1.
    public func machines(ofLane lane: Int) -> [HostMachine] {
        zip(file.hosts, remotes).enumerated().map { index, pair in
            HostMachine(
                replica: ReplicaID(UInt64(index + 1)), remote: pair.1, folder: pair.0.folder,
                lane: Self.name(ofLane: lane))
        }
    }

    func addresses(ofLane lane: Int) throws(TestbedError) -> ReplicaAddresses.OfThree {
        func addresses(_ host: HostsFile.Host) throws(TestbedError) -> ReplicaAddresses {
            func address(_ first: UInt16) throws(TestbedError) -> NetworkAddress {
                let socket = SocketAddress(host: host.address, port: first + UInt16(lane - 1))
                guard let address = NetworkAddress("\(socket)") else {
                    throw .layout("\(socket) is no address of a replica")
                }
                return address
            }
            return ReplicaAddresses(
                control: try address(host.ports.control), client: try address(host.ports.client),
                protocol: try address(host.ports.protocol))
        }
        return (
            try addresses(file.hosts[0]), try addresses(file.hosts[1]),
            try addresses(file.hosts[2])
        )
    }

    /// A cluster on the first lane that nobody works in. Machines and ports are looked at first;
    /// what is wrong with them is an error that names it.
    public func testbed(binary: String) throws(TestbedError) -> HostTestbed {
        var lane = 1
        while true {
            let machines = machines(ofLane: lane)
            do throws(TestbedError) {
                return try HostTestbed(
                    .init(
                        machines: machines, addresses: try addresses(ofLane: lane), binary: binary))
            } catch .refused(let testbed, let reason) {
                guard lane < file.lanes else {
                    throw .refused(testbed: testbed, reason: reason)
                }
                lane += 1
            } catch {
                throw error
            }
        }
    }

    /// Removes everything of this tool from the machines, unless a tool that lives uses it.
    public func destroy() throws(TestbedError) {
        for lane in 1...file.lanes {
            for machine in machines(ofLane: lane) {
                try machine.takeOver(as: HostOwner.own.token, grace: .seconds(30))
                try machine.remove(HostOwner.own.token)
            }
        }
        for machine in machines(ofLane: 1) { try machine.removePrograms() }
    }

    /// Lets go of the machines.
    public func close() {
        for remote in remotes { remote.close() }
        jump?.close()
    }
}
