import ClusterProtocol
import DurableFiles
public import FaultyDisk
public import LeaseKernel
import SystemCalls

/// One mounted disk for each replica of a local cluster, below its workspace.
final class LocalDisks: Sendable {
    private let disks: [ReplicaID: MountedDisk]

    static func folder(of replica: ReplicaID, in workspace: String) -> String {
        "\(workspace)/disk-\(replica)"
    }

    init(
        _ replicas: [ReplicaID], in workspace: String, helper: String?
    ) throws(TestbedError) {
        guard let helper else {
            throw .noDisk("there is no program \(DiskServerFacts.programName) beside this one")
        }
        var disks: [ReplicaID: MountedDisk] = [:]
        do throws(MountedDisk.Failure) {
            for replica in replicas {
                disks[replica] = try Self.mount(replica, in: workspace, helper)
            }
        } catch {
            for disk in disks.values { disk.end() }
            throw .noDisk("\(error)")
        }
        self.disks = disks
    }

    private static func mount(
        _ replica: ReplicaID, in workspace: String, _ helper: String
    ) throws(MountedDisk.Failure) -> MountedDisk {
        let folder = folder(of: replica, in: workspace)
        let log: FileDescriptor
        do throws(SystemError) {
            try FileSystem.createFolders(folder)
            log = try FileSystem.open("\(workspace)/logs/disk-\(replica).log", .append)
        } catch {
            throw .start(program: helper, error)
        }
        let disk = try MountedDisk(program: helper, at: folder, log: log)
        do throws(SystemError) {
            // The folder of a replica is its operator's: no power cut takes it away.
            try FileSystem.createFolders("\(folder)/replica-\(replica)")
            try DurableFiles.syncFolder(folder)
        } catch {
            disk.end()
            throw .start(program: helper, error)
        }
        return disk
    }

    func disk(of replica: ReplicaID) throws(TestbedError) -> MountedDisk {
        guard let disk = disks[replica] else { throw .unknownReplica(replica) }
        return disk
    }

    /// Takes all disks away.
    func end() {
        for disk in disks.values { disk.end() }
    }

    /// Moves a replica's folder onto its disk. Logs and process numbers stay where they are: they
    /// must outlive a power cut.
    static func place(_ replica: inout ReplicaLayout, in workspace: String) {
        let moved = ReplicaLayout(
            id: replica.id, role: replica.role,
            workspaceRoot: folder(of: replica.id, in: workspace), addresses: replica.addresses)
        replica.workspaceDirectory = moved.workspaceDirectory
        replica.metadataPath = moved.metadataPath
        replica.snapshotPath = moved.snapshotPath
        replica.walPath = moved.walPath
    }
}

extension LocalTestbed: ReplicaDisks {
    public var disks: (any ReplicaDisks)? { localDisks == nil ? nil : self }

    public func switchOn(
        _ fault: DiskFault, of replica: ReplicaID, lease: Duration, room: UInt64
    ) throws(TestbedError) {
        try onDisk(of: replica) { disk throws(MountedDisk.Failure) in
            try disk.switchOn(fault, for: lease, room: room)
        }
    }

    public func switchOff(_ fault: DiskFault, of replica: ReplicaID) throws(TestbedError) {
        try onDisk(of: replica) { disk throws(MountedDisk.Failure) in try disk.switchOff(fault) }
    }

    public func cutPower(
        of replica: ReplicaID, keeping retention: Retention, seed: UInt64
    ) throws(TestbedError) -> PowerCutReport {
        try onDisk(of: replica) { disk throws(MountedDisk.Failure) in
            try disk.cutPower(keeping: retention, seed: seed)
        }
    }

    public func diskState(of replica: ReplicaID) throws(TestbedError) -> DiskState {
        try onDisk(of: replica) { disk throws(MountedDisk.Failure) in try disk.state() }
    }

    private func onDisk<Value>(
        of replica: ReplicaID, _ body: (MountedDisk) throws(MountedDisk.Failure) -> Value
    ) throws(TestbedError) -> Value {
        guard let localDisks else { throw .noDisk("the run did not ask for disks") }
        let disk = try localDisks.disk(of: replica)
        do throws(MountedDisk.Failure) { return try body(disk) } catch { throw .disk(error) }
    }
}
