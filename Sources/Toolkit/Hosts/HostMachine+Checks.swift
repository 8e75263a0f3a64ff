import ClusterProtocol
import LeaseKernel
import Remote
import SystemCalls
public import Testbed

/// What a machine must have before anything is started on it.
extension HostMachine {
    /// Its disk is looked at in the nearest folder above the replica's that is there.
    public struct Facts: Hashable, Sendable {
        public let user: String
        /// As `uname -m` says.
        public let machine: String
        public let freeMebibytes: UInt64
        /// How far the clock there is ahead of ours; known to a second.
        public let clockAhead: Duration
    }

    /// A run fills some tens of megabytes; the daemon itself takes as much again.
    static let neededMebibytes: UInt64 = 256
    /// The allocator has no clock, but reports of machines whose clocks differ cannot be read.
    static let mostClockDifference = Duration.seconds(5)

    public func look() throws(TestbedError) -> Facts {
        let before = WallClock.milliseconds
        let answer = Self.answer(
            in: try run(
                "folder=\(ShellText.quoted(folder)); \(LaneScript.facts)", step: "looking at it"))
        let after = WallClock.milliseconds
        guard let clock = answer["clock"].flatMap(Int64.init),
            let free = answer["free_kib"].flatMap(UInt64.init), let user = answer["user"],
            let machine = answer["machine"]
        else { throw .machine(replica, during: "looking at it", "its facts are \(answer)") }
        // The whole second began between the two of ours, or less than a second before.
        let behind = Int64(before) - (clock * 1000 + 999)
        let ahead = clock * 1000 - Int64(after)
        let difference = behind > 0 ? -behind : max(0, ahead)
        return Facts(
            user: user, machine: machine, freeMebibytes: free / 1024,
            clockAhead: .milliseconds(difference))
    }

    /// Whose the replica's folder is and what its daemon does, in words `key=value`; nothing is
    /// made there.
    public func standing() throws(TestbedError) -> String {
        let script = ShellText.quoted(Path.join(folder, LaneScript.name))
        let owner = ShellText.quoted(Path.join(folder, "run/owner"))
        let text = try run(
            "if test -f \(script); then echo \"owner=$(cat \(owner) 2>/dev/null || echo none)\"; "
                + "sh \(script) report; else echo folder=none; fi", step: "asking how it stands")
        return text.split(separator: "\n").joined(separator: " ")
    }

    /// Refuses a machine that could not carry its replica, with what is to be done about it.
    func check(_ place: ReplicaLayout) throws(TestbedError) {
        let facts = try look()
        let step = "checking it"
        guard facts.machine == Processors.architecture else {
            throw .machine(
                replica, during: step,
                "it is a \(facts.machine), this machine and its programs are "
                    + "\(Processors.architecture)")
        }
        guard facts.freeMebibytes >= Self.neededMebibytes else {
            throw .machine(
                replica, during: step,
                "\(folder) has \(facts.freeMebibytes) MiB left; \(Self.neededMebibytes) are needed")
        }
        let off = facts.clockAhead < .zero ? .zero - facts.clockAhead : facts.clockAhead
        guard off <= Self.mostClockDifference else {
            throw .machine(
                replica, during: step,
                "its clock is off by \(off.components.seconds) s; set it, for example with chrony")
        }
        let addresses = place.addresses
        for address in [addresses.control, addresses.client, addresses.protocol] {
            guard let socket = SocketAddress("\(address)") else {
                throw .layout("\(address) is no address of a port")
            }
            guard (try? remote.openStream(to: socket, until: .after(Self.limit))) == nil else {
                throw .machine(
                    replica, during: step,
                    "somebody listens on \(address) already; choose other `ports`")
            }
        }
    }
}
