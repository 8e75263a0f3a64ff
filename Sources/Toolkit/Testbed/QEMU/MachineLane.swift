public import Machines
public import Switch
import Synchronization
import SystemCalls

/// Three machines for replicas and one for clients, with a network of their own: the lane of one
/// cluster. Lanes do not know of each other and stand side by side.
///
/// The network is a switch in this process; a second card of each guest is reached from this
/// machine's loopback, and no fault of the network touches it. The residue record stands before
/// the first machine is started, so that the next start finds what a killed process left behind.
public final class MachineLane: Sendable {
    public struct Configuration: Sendable {
        public var workspace: String
        public var image: GuestImage
        public var accelerator: Accelerator
        /// All chances of packet faults follow from it and the order of the frames.
        public var seed: UInt64
        public var memoryMebibytes: Int
        public var registry: ResidueRegistry

        public init(
            workspace: String, image: GuestImage, accelerator: Accelerator, seed: UInt64 = 0,
            memoryMebibytes: Int = GuestSettings.defaultMemory,
            registry: ResidueRegistry = .standard
        ) {
            self.workspace = workspace
            self.image = image
            self.accelerator = accelerator
            self.seed = seed
            self.memoryMebibytes = memoryMebibytes
            self.registry = registry
        }
    }

    /// How the last start went.
    public enum Start: Hashable, Sendable {
        /// With a boot of every guest.
        case cold
        /// In the middle of the life that was kept after a former boot.
        case warm
    }

    /// Where the SSH server of every guest listens.
    public static let sshPort: UInt16 = 22
    /// Where a replica's control port is in its guest (testbeds.md 1.2).
    public static let controlPort: UInt16 = 17000
    /// How long four guests may take to boot, beside whatever else this machine does.
    public static let bootLimit = Duration.seconds(300)
    private static let cleanState = "clean"

    public let files: LaneFiles
    public let ethernet: EthernetSwitch
    /// Of the sockets of all machines.
    public let socketFolder: String
    private let configuration: Configuration
    private let guests: [LaneMember: Guest]
    private let ports: FreePorts
    private let forwards: [LaneMember: [GuestSettings.Forward]]

    private struct State: Sendable {
        var residue: Residue
        var cables: [LaneMember: PortID] = [:]
        /// Random bytes that guests said: none may come twice.
        var seenRandomness: Set<[UInt8]> = []
    }

    private let state: Mutex<State>

    /// Makes what the machines need; nothing runs yet.
    public init(_ configuration: Configuration) throws(LaneError) {
        self.configuration = configuration
        files = LaneFiles(workspace: configuration.workspace)
        try files.prepare()
        do throws(SystemError) {
            let folder = try FileSystem.makeTemporaryFolder(prefix: "allocdb-lane")
            socketFolder = try FileSystem.resolve(folder)
            let owner = Residue.Daemon(
                processID: Processes.ownID,
                startTime: Processes.startTime(of: Processes.ownID) ?? 0)
            let residue = Residue(owner: owner, workspace: socketFolder)
            try configuration.registry.write(residue)
            try FileSystem.write(
                Array(socketFolder.utf8), to: Path.join(socketFolder, ResidueRegistry.markName))
            state = Mutex(State(residue: residue))
            ethernet = try EthernetSwitch(seed: configuration.seed)
            ports = try FreePorts(LaneMember.allCases.map(\.forwardedPorts.count).reduce(0, +))
        } catch {
            throw .system(during: "making the lane", error)
        }
        (guests, forwards) = Self.guests(configuration, files, socketFolder, ports.numbers)
    }

    private static func guests(
        _ configuration: Configuration, _ files: LaneFiles, _ socketFolder: String,
        _ ports: [UInt16]
    ) -> ([LaneMember: Guest], [LaneMember: [GuestSettings.Forward]]) {
        var guests: [LaneMember: Guest] = [:]
        var forwards: [LaneMember: [GuestSettings.Forward]] = [:]
        var free = ports[...]
        for member in LaneMember.allCases {
            let forwarded = member.forwardedPorts.compactMap { port in
                free.popFirst().map { GuestSettings.Forward(hostPort: $0, guestPort: port) }
            }
            forwards[member] = forwarded
            let settings = GuestSettings(
                name: member.description, socketFolder: socketFolder,
                diskPath: Path.join(files.disks, "\(member).qcow2"), logFolder: files.logs,
                address: "\(member.address)/24", hardwareAddress: member.hardwareAddress,
                peers: LaneMember.allCases.filter { $0 != member }.map {
                    .init(address: $0.address, hardwareAddress: $0.hardwareAddress)
                },
                forwards: forwarded, memoryMebibytes: configuration.memoryMebibytes)
            guests[member] = Guest(
                settings, image: configuration.image, accelerator: configuration.accelerator)
        }
        return (guests, forwards)
    }

    deinit { end() }

    public func guest(_ member: LaneMember) throws(LaneError) -> Guest {
        guard let guest = guests[member] else {
            throw .wrongState("there is no machine \(member)")
        }
        return guest
    }

    /// The port of this machine's loopback that reaches a port of a guest.
    public func hostPort(of member: LaneMember, guestPort: UInt16 = sshPort) -> UInt16? {
        forwards[member]?.first { $0.guestPort == guestPort }?.hostPort
    }

    /// The port of the switch that a machine's cable is in, from its first start on.
    public func cable(of member: LaneMember) -> PortID? {
        state.withLock { $0.cables[member] }
    }

    // MARK: - Start

    /// Switches all machines on: in their kept clean state when there is one, with a boot
    /// otherwise, after which the clean state is kept.
    @discardableResult
    public func start() throws(LaneError) -> Start {
        if hasCleanState {
            try all { member throws(LaneError) in
                try self.switchOn(member, from: Self.cleanState)
            }
            try settle()
            return .warm
        }
        try forgetCleanState()
        for member in LaneMember.allCases {
            let path = try guest(member).settings.diskPath
            do throws(SystemError) {
                try FileSystem.removeFile(path)
            } catch {
                throw .system(during: "making the disk of \(member)", error)
            }
            try files.makeDisk(at: path)
        }
        for member in LaneMember.allCases { try switchOn(member, from: nil) }
        let deadline = Deadline.after(Self.bootLimit)
        try eachGuest { guest throws(GuestError) in try guest.awaitBoot(until: deadline) }
        try settle()
        try keepCleanState()
        return .cold
    }

    private func switchOn(_ member: LaneMember, from kept: String?) throws(LaneError) {
        let guest = try guest(member)
        try done(member) { guest throws(GuestError) in
            try guest.start(from: kept) { process throws(SystemError) in
                try self.note(process)
            }
        }
        do throws(SystemError) {
            let port = try StreamPort(
                connectingTo: guest.settings.networkPath, until: .after(.seconds(60)))
            if let cable = cable(of: member) {
                try ethernet.reattach(port, as: cable)
            } else {
                let cable = try ethernet.attach(port)
                state.withLock { $0.cables[member] = cable }
            }
        } catch {
            throw .system(during: "plugging in the cable of \(member)", error)
        }
    }

    /// Switches one machine on again after its power was cut: it boots from its disk.
    public func powerOn(_ member: LaneMember) throws(LaneError) {
        try switchOn(member, from: nil)
        try done(member) { guest throws(GuestError) in
            try guest.awaitBoot(until: .after(Self.bootLimit))
        }
        try settle([member])
    }

    private func note(_ process: ChildProcess) throws(SystemError) {
        let started = Processes.startTime(of: process.processID) ?? 0
        try state.withLock { state throws(SystemError) in
            state.residue.daemons.append(
                Residue.Daemon(processID: process.processID, startTime: started))
            // Only the last starts can still run.
            if state.residue.daemons.count > 32 { state.residue.daemons.removeFirst(16) }
            try configuration.registry.write(state.residue)
        }
    }

    // MARK: - Reset

    /// Puts all machines back to the clean state, in much less time than a boot. All that ran in
    /// them is gone, their disks are empty, their clocks right and their random numbers new.
    public func reset() throws(LaneError) {
        guard hasCleanState else {
            throw .wrongState("there is no clean state of this lane: it was never started")
        }
        try eachGuest { guest throws(GuestError) in
            guard guest.isOn else { return }
            if guest.isFrozen { try guest.thaw() }
            try guest.pause()
        }
        try all { member throws(LaneError) in
            guard try self.guest(member).isOn else {
                // One whose process is gone begins in the clean state.
                try self.done(member) { guest throws(GuestError) in try guest.cutPower() }
                return try self.switchOn(member, from: Self.cleanState)
            }
            try self.done(member) { guest throws(GuestError) in
                try guest.loadSnapshot(Self.cleanState)
            }
        }
        try eachGuest { guest throws(GuestError) in try guest.proceed() }
        try settle()
    }

    /// Right clocks and new random numbers, both looked at afterwards.
    private func settle(_ members: [LaneMember] = LaneMember.allCases) throws(LaneError) {
        try eachGuest(members) { guest throws(GuestError) in
            // What it said without a new seed it would say again the next time.
            let channel = try guest.channel()
            let random = try channel.reseed()
            try channel.setClock()
            let isNew = self.state.withLock { $0.seenRandomness.insert(random).inserted }
            guard isNew else { throw .randomnessRepeated(guest: guest.name) }
        }
    }

    private var cleanCircumstances: String {
        "\(configuration.image.identity) \(configuration.accelerator.rawValue) "
            + "\(configuration.memoryMebibytes)"
    }

    private var hasCleanState: Bool {
        let bytes = (try? FileSystem.read(files.cleanMark, limit: 4096)) ?? []
        return String(decoding: bytes, as: UTF8.self) == cleanCircumstances
    }

    private func forgetCleanState() throws(LaneError) {
        do throws(SystemError) {
            try FileSystem.removeFile(files.cleanMark)
        } catch {
            throw .system(during: "forgetting the clean state", error)
        }
    }

    private func keepCleanState() throws(LaneError) {
        try eachGuest { guest throws(GuestError) in try guest.pause() }
        try eachGuest { guest throws(GuestError) in try guest.saveSnapshot(Self.cleanState) }
        try eachGuest { guest throws(GuestError) in try guest.proceed() }
        try settle()
        do throws(SystemError) {
            try FileSystem.write(Array(cleanCircumstances.utf8), to: files.cleanMark)
        } catch {
            throw .system(during: "keeping the clean state", error)
        }
    }

    // MARK: - End

    /// Switches everything off. Disks stay, and with them the clean state.
    public func end() {
        for member in LaneMember.allCases { try? guests[member]?.cutPower() }
        ethernet.stop()
        _ = try? FileSystem.removeTree(socketFolder)
        configuration.registry.remove(socketFolder)
    }

    // MARK: - All at once

    private func done(
        _ member: LaneMember, _ body: (Guest) throws(GuestError) -> Void
    ) throws(LaneError) {
        let guest = try guest(member)
        do throws(GuestError) {
            try body(guest)
        } catch {
            throw .guest(error)
        }
    }

    private func eachGuest(
        _ members: [LaneMember] = LaneMember.allCases,
        _ body: @escaping @Sendable (Guest) throws(GuestError) -> Void
    ) throws(LaneError) {
        try all(members) { member throws(LaneError) in try self.done(member, body) }
    }

    /// For several machines at the same time. Throws the first error when all are through.
    private func all(
        _ members: [LaneMember] = LaneMember.allCases,
        _ body: @escaping @Sendable (LaneMember) throws(LaneError) -> Void
    ) throws(LaneError) {
        let failures = FirstFailure()
        do throws(SystemError) {
            let threads = try members.map { member throws(SystemError) in
                try WorkerThread(name: "\(member)") {
                    do throws(LaneError) {
                        try body(member)
                    } catch {
                        failures.note(error)
                    }
                }
            }
            for thread in threads { thread.join() }
        } catch {
            throw .system(during: "starting a thread", error)
        }
        if let failure = failures.first { throw failure }
    }
}

private final class FirstFailure: Sendable {
    private let failure = Mutex<LaneError?>(nil)

    var first: LaneError? { failure.withLock { $0 } }

    func note(_ error: LaneError) {
        failure.withLock { $0 = $0 ?? error }
    }
}
