public import ClusterProtocol
import DurableFiles
public import LeaseKernel
import SystemCalls

/// The folder of a local cluster with its three text files (cluster-runner.md 2).
///
/// Only the paths inside the layout count once it is read, also for the fault file and the
/// timeline.
public struct ClusterWorkspace: Sendable {
    public let layout: ClusterLayout
    public let layoutPath: String

    /// Largest layout or fault file that is read.
    static let textByteLimit = 1 << 20
    /// Largest timeline that is read.
    static let timelineByteLimit = 256 << 20

    /// Reads the layout of an existing workspace.
    public init(existing path: String) throws(ClusterRunnerError) {
        let root: String
        do throws(SystemError) {
            root = try FileSystem.resolve(path)
        } catch {
            throw .resolveWorkspace(path: path, error)
        }
        layoutPath = Path.join(root, ClusterLayout.fileName)
        layout = try Self.readLayout(layoutPath)
    }

    /// Reads the layout, or creates the workspace with a default one: free loopback ports.
    public init(creating path: String) throws(ClusterRunnerError) {
        let root: String
        do throws(SystemError) {
            try FileSystem.createFolders(path)
            root = try FileSystem.resolve(path)
        } catch {
            throw .createFolder(path: path, error)
        }
        layoutPath = Path.join(root, ClusterLayout.fileName)
        if FileSystem.exists(layoutPath) {
            layout = try Self.readLayout(layoutPath)
        } else {
            layout = ClusterLayout(workspaceRoot: root, addresses: try Self.freeAddresses())
            try Self.write(layout, to: layoutPath)
        }
        try createFolders()
    }

    /// Reads a layout file.
    public static func readLayout(_ path: String) throws(ClusterRunnerError) -> ClusterLayout {
        do throws(ClusterRunnerError.FileProblem) {
            let text = try readText(path, limit: textByteLimit)
            do throws(ClusterFileError) {
                return try ClusterLayout(text: text)
            } catch {
                throw .content(error)
            }
        } catch {
            throw .layout(error)
        }
    }

    /// Replaces a layout file.
    public static func write(
        _ layout: ClusterLayout, to path: String
    ) throws(ClusterRunnerError) {
        do throws(ClusterRunnerError.FileProblem) {
            let text: String
            do throws(ClusterFileError) {
                text = try layout.encoded()
            } catch {
                throw .content(error)
            }
            try writeText(text, to: path)
        } catch {
            throw .layout(error)
        }
    }

    public func replica(_ id: ReplicaID) throws(ClusterRunnerError) -> ReplicaLayout {
        guard let replica = layout.replica(id) else {
            throw .replicaUnknown(id, layoutPath: layoutPath)
        }
        return replica
    }

    private func createFolders() throws(ClusterRunnerError) {
        for replica in layout.replicas {
            for path in [replica.logPath, replica.pidPath] {
                guard let folder = Path.parent(of: path) else { continue }
                do throws(SystemError) {
                    try FileSystem.createFolders(folder)
                } catch {
                    throw .createFolder(path: folder, error)
                }
            }
        }
    }

    /// Nothing claims them for the cluster's whole life: the program that makes a workspace ends
    /// before its daemons do.
    private static func freeAddresses() throws(ClusterRunnerError) -> ReplicaAddresses.OfThree {
        do throws(SystemError) {
            return ReplicaAddresses.loopback(ports: try FreePorts(9).numbers)
        } catch {
            throw .system(doing: "looking for free ports", error)
        }
    }
}

/// The fault file and the timeline.
extension ClusterWorkspace {
    /// The fault state; a missing file is created with everybody healthy.
    public func loadFaults() throws(ClusterRunnerError) -> FaultState {
        do throws(ClusterRunnerError.FileProblem) {
            guard FileSystem.exists(layout.faultsPath) else {
                let healthy = FaultState(workspaceRoot: layout.workspaceRoot)
                try Self.writeText(healthy.text, to: layout.faultsPath)
                return healthy
            }
            let text = try Self.readText(layout.faultsPath, limit: Self.textByteLimit)
            do throws(ClusterFileError) {
                return try FaultState(text: text)
            } catch {
                throw .content(error)
            }
        } catch {
            throw .faults(error)
        }
    }

    /// Replaces the fault file where it differs.
    public func store(
        _ faults: FaultState, replacing old: FaultState
    ) throws(ClusterRunnerError) {
        if faults == old { return }
        do throws(ClusterRunnerError.FileProblem) {
            try Self.writeText(faults.text, to: layout.faultsPath)
        } catch {
            throw .faults(error)
        }
    }

    public func loadTimeline() throws(ClusterRunnerError) -> ClusterTimeline {
        do throws(ClusterRunnerError.FileProblem) {
            guard FileSystem.exists(layout.timelinePath) else { return ClusterTimeline() }
            let text = try Self.readText(layout.timelinePath, limit: Self.timelineByteLimit)
            do throws(ClusterFileError) {
                return try ClusterTimeline(text: text)
            } catch {
                throw .content(error)
            }
        } catch {
            throw .timeline(error)
        }
    }

    /// Appends one event. Commands running at the same time take turns (`whileLocked`).
    public func record(
        _ kind: ClusterTimeline.Kind, replica: ReplicaID?, detail: String
    ) throws(ClusterRunnerError) {
        var timeline = try loadTimeline()
        timeline.append(
            kind, replica: replica, detail: detail,
            atMilliseconds: UInt128(WallClock.milliseconds))
        do throws(ClusterRunnerError.FileProblem) {
            try Self.writeText(timeline.text, to: layout.timelinePath)
        } catch {
            throw .timeline(error)
        }
    }

    /// Runs `body` while no other command changes the text files of this workspace.
    func whileLocked<Value>(
        _ body: () throws(ClusterRunnerError) -> Value
    ) throws(ClusterRunnerError) -> Value {
        let folder: FileDescriptor
        do throws(SystemError) {
            folder = try FileSystem.open(layout.workspaceRoot, .readOnly)
            let deadline = Deadline.after(.seconds(5))
            while try !folder.tryLockExclusively(), !deadline.isPassed {
                sleepThread(for: .milliseconds(5))
            }
        } catch {
            throw .system(doing: "locking \(layout.workspaceRoot)", error)
        }
        defer { folder.close() }
        return try body()
    }

    private static func readText(
        _ path: String, limit: Int
    ) throws(ClusterRunnerError.FileProblem) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path, limit: limit)
        } catch {
            throw .inputOutput(error)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText }
        return text
    }

    private static func writeText(
        _ text: String, to path: String
    ) throws(ClusterRunnerError.FileProblem) {
        do throws(SystemError) {
            try DurableFiles.replace(path, with: Array(text.utf8), sync: .full)
        } catch {
            throw .inputOutput(error)
        }
    }
}
