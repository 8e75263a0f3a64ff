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
        // A takeover that was stopped has to be done again, by all who promised its view.
        if nodes.indices.contains(where: hasPromised) {
            takeOver(by: Array(nodes.indices), mayStop: false)
        }
        for index in nodes.indices {
            nodes[index].diskDelay = 1
            nodes[index].disk.operationsUntilCrash = nil
            if nodes[index].isDown { start(index) }
        }
    }

    // MARK: - Takeover

    /// What `Surgery` does on the stopped folders of a majority, stage by stage, sometimes
    /// stopped between two of its steps.
    private mutating func takeOver() {
        let leader = nodes.indices.max { viewOf($0) < viewOf($1) } ?? 0
        // Mostly somebody else takes over, sometimes the old primary stays in the majority.
        let left = dice.chance(70) ? leader : dice.below(3)
        let voters = nodes.indices.filter { $0 != left }
        if dice.chance(40), !nodes[left].isDown { stopMachine(left) }
        // The usual reason for a takeover: the old primary runs, but nobody hears it.
        if dice.chance(70) {
            for index in voters { cut(left, index, isOneWay: false) }
        }
        takeOver(by: voters, mayStop: true)
    }

    private mutating func takeOver(by voters: [Int], mayStop: Bool) {
        for index in voters where !nodes[index].isDown {
            crash(index, powerCut: weather.powerCuts && dice.chance(30))
        }
        defer { restartSoon(voters) }
        guard voters.allSatisfy({ nodes[$0].disk[.metadata] != nil }) else { return }
        do {
            let plan = try TakeoverPlan(
                try voters.map(survey), clusterSize: 3,
                primary: dice.chance(50)
                    ? settings(voters[dice.below(voters.count)]).identity.replicaID : nil)
            takeovers += 1
            log("takeover to view \(plan.newView): \(plan.candidates)")
            for stage in plan.stages {
                for replica in plan.order {
                    if mayStop, dice.chance(8) {
                        return log("stopped before \(stage) of \(replica)")
                    }
                    carryOut(stage, of: plan, on: replica)
                }
            }
        } catch {
            fail("takeover of \(voters.map { $0 + 1 }) refused: \(error)")
        }
    }

    private func survey(_ index: Int) throws -> ReplicaSurvey {
        let disk = nodes[index].disk
        let files = WorkspaceFiles(
            metadata: disk[.metadata], journal: disk[.journal], log: disk[.log],
            snapshot: disk[.snapshot])
        return try ReplicaSurvey(
            files.decode(named: "replica-\(index + 1)"), configuration: settings(index).kernel)
    }

    private mutating func carryOut(
        _ stage: TakeoverStage, of plan: TakeoverPlan, on replica: ReplicaID
    ) {
        guard
            let index = nodes.indices.first(where: { settings($0).identity.replicaID == replica })
        else { return }
        if let contents = plan.contents(for: replica, after: stage) {
            let files = contents.files
            nodes[index].disk[.snapshot] = files.snapshot
            nodes[index].disk[.snapshotChecksums] = nil
            nodes[index].disk[.log] = files.log
            nodes[index].disk[.journal] = files.journal
            nodes[index].disk[.metadata] = files.metadata
        } else if let vote = plan.vote(of: replica) {
            nodes[index].disk[.metadata] = MetadataFormatV3.encode(vote)
        }
    }

    private func hasPromised(_ index: Int) -> Bool {
        guard let bytes = nodes[index].disk[.metadata],
            let metadata = try? MetadataFormatV3.decode(bytes)
        else { return false }
        return metadata.durableVote != nil || metadata.role == .viewUncertain
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
}
