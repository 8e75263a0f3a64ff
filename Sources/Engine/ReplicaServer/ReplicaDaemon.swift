public import ClusterProtocol
import DurableFiles
import LeaseKernel
public import Replication
import Synchronization
import SystemCalls

/// One replica's process from its start to its exit status (cluster-runner.md 10, 11).
public struct ReplicaDaemon: Sendable {
    private let layout: ClusterLayout
    private let replica: ReplicaLayout
    private let log: DaemonLog

    public init(layout: ClusterLayout, replica: ReplicaLayout) {
        self.layout = layout
        self.replica = replica
        log = DaemonLog(replica: replica.id)
    }

    /// Why the daemon could not start. The description is its last line.
    enum StartError: Error, CustomStringConvertible {
        case createFolder(path: String, SystemError)
        case locked(ReplicaID, LockFile.AcquireError)
        case recovery(ReplicaID, any Error)
        case pidFile(SystemError)
        case address(NetworkAddress)
        case bind(NetworkAddress, SystemError)
        case server(SystemError)

        var description: String {
            switch self {
            case .createFolder(let path, let error):
                "failed to create \(path): \(error.textWithNumber)"
            case .locked(let replica, let error):
                "replica \(replica) is already running: \(error)"
            case .recovery(let replica, let error):
                "failed to recover replica \(replica): \(error)"
            case .pidFile(let error): "failed to write the pid file: \(error)"
            case .address(let address): "failed to bind \(address): not usable by this system"
            case .bind(let address, let error): "failed to bind \(address): \(error.textWithNumber)"
            case .server(let error): "server failed: \(error)"
            }
        }
    }

    /// Runs until a stop request or SIGTERM; returns the exit status. Must be called before the
    /// process has started any other thread.
    public func run<Core, Storage>(_ parts: DaemonParts<Core, Storage>) -> Int32 {
        Signals.ignoreBrokenPipes()
        do throws(StartError) {
            let signals = try server {
                () throws(SystemError) in
                try SignalReader([Signals.terminate, Signals.interrupt])
            }
            try createFolders()
            // Held until the process ends, however it ends.
            let lock = try acquireLock()
            defer { lock.release() }
            let addresses = replica.addresses
            log.event(
                "workspace=\(replica.workspaceDirectory) control=\(addresses.control) "
                    + "client=\(addresses.client) protocol=\(addresses.protocol) startup=begin")
            var storage = parts.openStorage(replica)
            let core: Core
            do {
                core = try parts.recover(&storage, layout, replica, .now)
            } catch {
                throw .recovery(replica.id, error)
            }
            log.event("event=startup_recovered \(core.status.summary)")
            try writePidFile()
            defer { _ = try? FileSystem.removeFile(replica.pidPath) }
            try serve(core, storage, signals)
            return 0
        } catch {
            log.line("\(error)")
            return 1
        }
    }

    private func serve<Core: ReplicaCore, Storage: ReplicaStorage & Sendable>(
        _ core: Core, _ storage: Storage, _ signals: SignalReader
    ) throws(StartError) {
        let listeners = try bind()
        let owner = StorageOwner(storage)
        do throws(SystemError) {
            let server = try ReplicaServer(
                layout: layout, replica: replica, core: core, listeners: listeners,
                signals: signals, log: log)
            let state = core.status.faultReason == nil ? "active" : "faulted"
            log.event("startup=ready status=\(state) \(core.status.summary)")
            switch try ServerThreads(server, runJob: { owner.run($0) }).run() {
            case .clean:
                log.event("shutdown=clean")
            case .failed(let error):
                log.event("shutdown=error")
                throw error
            case .hung:
                // The disk hangs. What it has not synced was never acknowledged, and ending here
                // keeps the lock until the last moment in which it could be written.
                log.event("shutdown=error")
                _ = try? FileSystem.removeFile(replica.pidPath)
                exitProcess(1)
            }
        } catch {
            throw .server(error)
        }
    }

    private func createFolders() throws(StartError) {
        for path in [replica.workspaceDirectory, Path.parent(of: replica.pidPath) ?? "."] {
            do throws(SystemError) {
                try FileSystem.createFolders(path)
                // Also a folder that an earlier start made: nothing in it is durable unless its
                // name is, and that start may have been cut short.
                try DurableFiles.syncFolder(Path.parent(of: path) ?? ".")
            } catch {
                throw .createFolder(path: path, error)
            }
        }
    }

    /// The second daemon of a replica ends here and has touched nothing (weakness C9).
    private func acquireLock() throws(StartError) -> LockFile {
        do throws(LockFile.AcquireError) {
            return try LockFile(
                acquiring: Path.join(replica.workspaceDirectory, "replica.lock"))
        } catch {
            throw .locked(replica.id, error)
        }
    }

    private func writePidFile() throws(StartError) {
        do throws(SystemError) {
            try FileSystem.write(Array("\(Processes.ownID)".utf8), to: replica.pidPath)
        } catch {
            throw .pidFile(error)
        }
    }

    private func bind() throws(StartError) -> [Port: TCPListener] {
        var listeners: [Port: TCPListener] = [:]
        for (port, address) in [
            (Port.control, replica.addresses.control), (.client, replica.addresses.client),
            (.protocol, replica.addresses.protocol),
        ] {
            guard let target = SocketAddress("\(address)") else { throw .address(address) }
            do throws(SystemError) {
                listeners[port] = try TCPListener(
                    binding: target, waitingForFirstBytes: true)
            } catch {
                throw .bind(address, error)
            }
        }
        return listeners
    }

    private func server<Value>(
        _ body: () throws(SystemError) -> Value
    ) throws(StartError) -> Value {
        do throws(SystemError) { return try body() } catch { throw .server(error) }
    }
}

/// The storage after recovery: used by the thread whose turn it is to write.
private final class StorageOwner<Storage: ReplicaStorage & Sendable>: Sendable {
    private let storage: Mutex<Storage>

    init(_ storage: Storage) {
        self.storage = Mutex(storage)
    }

    func run(_ job: StorageJob) -> StorageOutcome {
        storage.withLock { job.run(on: &$0) }
    }
}

extension ReplicaFolder {
    /// The files of a replica where its layout says.
    public init(
        of replica: ReplicaLayout,
        observe: @escaping @Sendable (StorageBoundary) -> Void = { _ in }
    ) {
        self.init(
            ReplicaPaths(
                metadata: replica.metadataPath, journal: replica.prepareLogPath,
                log: replica.walPath, snapshot: replica.snapshotPath),
            observe: observe)
    }
}

extension SystemError {
    /// `Address already in use (os error 98)`, as published messages carry it.
    var textWithNumber: String { "\(text) (os error \(code))" }
}

extension LiveStatus {
    /// The summary of section 15 of cluster-runner.md.
    var summary: String {
        let vote = durableVote.map { "view\($0.view)->replica\($0.votedFor)" } ?? "none"
        return "role=\(role.word) current_view=\(currentView) commit_lsn=\(orNone(commitLSN)) "
            + "snapshot_lsn=\(orNone(activeSnapshotLSN)) "
            + "last_normal_view=\(orNone(lastNormalView)) durable_vote=\(vote) "
            + "highest_prepared_lsn=\(orNone(highestPreparedLSN))"
    }

    private func orNone(_ value: (some CustomStringConvertible)?) -> String {
        value?.description ?? "none"
    }
}
