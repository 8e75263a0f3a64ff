import ClusterProtocol
import LeaseEngine
import LeaseKernel
import SystemCalls

@testable import Replication

// What goes wrong, and how it ends.

extension Simulation {
    mutating func breakSomething() {
        guard now < faultsEnd else { return }
        queue.add(
            .fault,
            at: now + .milliseconds(1 + dice.below(2000 / max(1, weather.faultsPerSecond))))
        let index = dice.below(3)
        switch dice.below(10) {
        case 0, 1: stopMachine(index)
        case 2: nodes[index].disk.operationsUntilCrash = dice.below(8)
        case 3: cut(index, dice.below(3), isOneWay: dice.chance(40))
        case 4, 5: heal()
        case 6: nodes[index].diskDelay = dice.chance(50) ? 1 : 120
        case 7:
            if !nodes[index].isDown { hand(index, .checkpoint(RequestToken(0))) }
        case 8:
            // Cuts one replica off from both others.
            for other in nodes.indices where other != index { cut(index, other, isOneWay: false) }
        case 9: if weather.hasTakeovers { takeOver() }
        default: break
        }
    }

    private mutating func stopMachine(_ index: Int) {
        guard !nodes[index].isDown else { return }
        crash(index, powerCut: weather.powerCuts && dice.chance(50))
        queue.add(.restart(index), at: now + .milliseconds(20 + dice.below(1500)))
    }

    private mutating func cut(_ one: Int, _ other: Int, isOneWay: Bool) {
        guard one != other else { return }
        blocked[one][other] = true
        if !isOneWay { blocked[other][one] = true }
        log("cut \(one + 1) - \(other + 1)")
        if dice.chance(30) { breakStreams(one, other) }
    }

    private mutating func breakStreams(_ one: Int, _ other: Int) {
        for (from, to) in [(one, other), (other, one)] where connections[from][to] != 0 {
            connections[from][to] = 0
            queue.add(
                .disconnect(from: from, to: to, life: nodes[from].life), at: now + .milliseconds(5))
        }
    }

    private mutating func heal() {
        log("heal")
        for one in nodes.indices {
            for other in nodes.indices where one < other {
                let wasBlocked = blocked[one][other] || blocked[other][one]
                blocked[one][other] = false
                blocked[other][one] = false
                // What a stream of ordered messages lost in a cut, it lost as a whole.
                if wasBlocked, weather.hasOrderedStreams { breakStreams(one, other) }
            }
        }
    }

    mutating func endFaults() {
        heal()
        for index in nodes.indices {
            nodes[index].diskDelay = 1
            nodes[index].disk.operationsUntilCrash = nil
            if nodes[index].isDown { start(index) }
        }
    }

    // MARK: - Takeover

    /// The offline rule: on the stopped folders of a majority, the log of the highest standing
    /// becomes the primary's of a new view, whole; the other one is written from it.
    private mutating func takeOver() {
        let leader = nodes.indices.max { viewOf($0) < viewOf($1) } ?? 0
        // Mostly somebody else takes over, sometimes the old primary stays in the majority.
        let left = dice.chance(70) ? leader : dice.below(3)
        let voters = nodes.indices.filter { $0 != left }
        for index in voters where !nodes[index].isDown {
            crash(index, powerCut: weather.powerCuts && dice.chance(30))
        }
        if dice.chance(40), !nodes[left].isDown { stopMachine(left) }
        // The usual reason for a takeover: the old primary runs, but nobody hears it.
        if dice.chance(70) {
            for index in voters { cut(left, index, isOneWay: false) }
        }
        var folders: [(index: Int, state: LiveRecovery.Reconciled, metadata: ReplicaMetadata)] = []
        for index in voters {
            guard let folder = readFolder(index) else { return restartSoon(voters) }
            folders.append((index, folder.0, folder.1))
        }
        let standings = folders.map { folder in
            LogStanding(
                lastNormalView: folder.metadata.lastNormalView,
                highestTerm: folder.state.prepared.reduce(folder.state.baseHighest) {
                    max($0, $1.term)
                },
                highestPrepared: folder.state.prepared.last?.entry.lsn ?? folder.state.commit)
        }
        let best = standings[0] >= standings[1] ? 0 : 1
        let highest = folders.map(\.metadata.highestKnownView).max() ?? View(1)
        let view = View(highest.rawValue + 1)
        takeovers += 1
        log("takeover to view \(view): \(folders[best].index + 1), standings \(standings)")
        adopt(folders[best].index, folders[best].state, folders[best].metadata, view)
        let other = folders[1 - best]
        for file in [ReplicaFile.snapshot, .log, .journal] {
            nodes[other.index].disk[file] = nodes[folders[best].index].disk[file]
        }
        var metadata = other.metadata
        metadata.currentView = view
        metadata.lastNormalView = view
        metadata.role = .backup
        nodes[other.index].disk[.metadata] = MetadataFormatV3.encode(metadata)
        restartSoon(voters)
    }

    private func viewOf(_ index: Int) -> View {
        guard let bytes = nodes[index].disk[.metadata],
            let metadata = try? MetadataFormatV3.decode(bytes), metadata.role == .primary
        else { return View(0) }
        return metadata.currentView
    }

    private mutating func restartSoon(_ indices: [Int]) {
        for index in indices {
            queue.add(.restart(index), at: now + .milliseconds(10 + dice.below(300)))
        }
    }

    private mutating func readFolder(_ index: Int) -> (LiveRecovery.Reconciled, ReplicaMetadata)? {
        guard let bytes = nodes[index].disk[.metadata],
            let metadata = try? MetadataFormatV3.decode(bytes)
        else { return nil }
        let recovery = LiveRecovery(settings: settings(index))
        do {
            let files = try LiveRecovery.Files(storage: &nodes[index].disk)
            let state = try recovery.reconcile(
                files,
                LiveRecovery.StoredMetadata(metadata: metadata, isNative: true, isNew: false))
            return (state, metadata)
        } catch {
            fail("folder \(index + 1) cannot be read for a takeover: \(error)")
            return nil
        }
    }

    private mutating func adopt(
        _ index: Int, _ state: LiveRecovery.Reconciled, _ metadata: ReplicaMetadata, _ view: View
    ) {
        var log = Array((nodes[index].disk[.log] ?? []).prefix(state.keptLogBytes))
        log.append(contentsOf: state.missingFrames)
        for replicated in state.prepared {
            log.append(contentsOf: WALFrame(committing: replicated.entry).encode())
        }
        let last = state.prepared.last?.entry.lsn ?? state.commit
        let highest = state.prepared.reduce(state.baseHighest) { max($0, $1.term) }
        let generation = max(
            state.highestGeneration, state.prepared.map(\.generation).max() ?? .unknown)
        var stored = metadata
        stored.currentView = view
        stored.lastNormalView = view
        stored.role = .primary
        nodes[index].disk[.log] = log
        nodes[index].disk[.journal] = JournalFormat.encode([
            .baseline(durable: last, highest: highest), .generation(generation),
        ])
        nodes[index].disk[.metadata] = MetadataFormatV3.encode(stored)
    }
}
