import BugCatalogue
import ClusterProtocol
import LeaseKernel
import ReplicaServer
import Replication

/// The real daemon with one bug, which lies in a part of it that can be handed in: the storage,
/// the settings, or what stands between the replica and the world.
struct BrokenDaemon {
    let daemon: ReplicaDaemon

    init(_ layout: ClusterLayout, _ replica: ReplicaLayout) {
        daemon = ReplicaDaemon(layout: layout, replica: replica)
    }

    func run(_ bug: Bug) -> Int32 {
        switch bug {
        case .acceptsConflicts, .forgetsOperations, .halvesBundles, .expiresEarly,
            .ignoresFences:
            return run(RequestMeddler(bug))
        case .ignoresEpochs, .keepsEpochs, .ignoresHolders, .revokesAtOnce, .expiresConfirmed,
            .skipsExpiries, .revivesExpired, .overlooksMembers:
            let rules = BrokenRules(bug: bug)
            return run { kernel, entry throws(EntryFailure) in
                try rules.apply(entry, to: &kernel)
            }
        case .promisesLonger, .changesAnswers, .deniesDeeds: return run(AnswerMeddler(bug))
        case .reusesIDs: return run(NumberMeddler())
        case .readsAsBackup: return runReading(as: .backup)
        case .readsUnconfirmed: return runReading(as: .primary)
        case .forgetsOnRestart: return run(ForgetfulRules().rules)
        case .forgetsInSnapshot:
            return run(SnapshotMeddler { $0.withoutOperations })
        case .stampsOldSnapshot:
            let old = OldState()
            let meddler = SnapshotMeddler { state in
                guard let lsn = state.lastAppliedLSN, let slot = state.lastRequestSlot,
                    var kernel = old.kernel(before: lsn), kernel.stamp(lsn, slot)
                else { return nil }
                return kernel
            }
            return run(meddler, adjust: { $0.rules = old.rules })
        case .forgetsWrites:
            return run(
                adjust: { settings in
                    settings.quorum = 1
                    settings.peers = []
                }, storage: { ForgetfulStorage(ReplicaFolder(of: $0)) })
        case .forgetsUnsynced: return run(storage: { UnsyncedStorage(disk: ReplicaFolder(of: $0)) })
        case .forgetsAsBackup:
            return run(
                storage: { ForgetfulStorage(ReplicaFolder(of: $0), liesToBackupsOnly: true) })
        case .forgetsSuffix: return run(storage: { SuffixlessStorage(ReplicaFolder(of: $0)) })
        case .quorumOfOne: return run(NoMeddler(), adjust: { $0.quorum = 1 })
        case .twoPrimaries: return run(ViewMeddler())
        case .skipsMissed:
            let missed = MissedEntries()
            return run(CatchUpMeddler(missed), adjust: { $0.rules = missed.rules })
        }
    }

    private func runReading(as role: ReplicaRole) -> Int32 {
        let seen = SeenState()
        return run(ReadMeddler(role: role, seen: seen), adjust: { $0.rules = seen.rules })
    }

    private func run(_ rules: @escaping LiveSettings.Rules) -> Int32 {
        run(NoMeddler(), adjust: { $0.rules = rules })
    }

    private func run(
        adjust: @escaping @Sendable (inout LiveSettings) -> Void = { _ in },
        storage: @escaping @Sendable (ReplicaLayout) -> some ReplicaStorage & Sendable
    ) -> Int32 {
        daemon.run(DaemonParts.live(openStorage: storage, adjust: adjust))
    }

    private func run(
        _ meddler: some Meddler,
        adjust: @escaping @Sendable (inout LiveSettings) -> Void = { _ in }
    ) -> Int32 {
        let real = DaemonParts.live(openStorage: { ReplicaFolder(of: $0) }, adjust: adjust)
        return daemon.run(
            DaemonParts(openStorage: real.openStorage) { storage, layout, replica, now in
                MeddlingReplica(try real.recover(&storage, layout, replica, now), meddler)
            })
    }
}
