public import LeaseKernel

/// Takeover and rejoin on the folders of stopped replicas, from reading to switching.
///
/// Both may be interrupted at any moment and done again: a folder is either the old one or the
/// new one, and the decision made anew keeps everything the first one kept.
public enum Surgery {
    /// Reads and judges one folder.
    public static func survey(
        _ folder: WorkspaceFolder, configuration: KernelConfiguration
    ) throws(SurgeryError) -> ReplicaSurvey {
        try ReplicaSurvey(try folder.read(), configuration: configuration)
    }

    /// Begins a new view on the stopped replicas of a majority, led by `primary`, or by the
    /// owner of the adopted log.
    ///
    /// Every stage is completed on all of them before the next begins, and every folder of a
    /// stage is written and checked before the first one is switched. When it was interrupted
    /// nothing may be concluded from the folders; do it again. `onStep` is called at every
    /// boundary.
    @discardableResult
    public static func takeOver(
        _ folders: [WorkspaceFolder], clusterSize: Int = 3, primary: ReplicaID? = nil,
        configuration: KernelConfiguration, onStep: (SurgeryStep) -> Void = { _ in }
    ) throws(SurgeryError) -> TakeoverPlan {
        var byID: [ReplicaID: WorkspaceFolder] = [:]
        var surveys: [ReplicaSurvey] = []
        for folder in folders {
            let survey = try survey(folder, configuration: configuration)
            byID[survey.replicaID] = folder
            surveys.append(survey)
            onStep(.surveyed(survey.replicaID))
        }
        let plan = try TakeoverPlan(surveys, clusterSize: clusterSize, primary: primary)
        for stage in plan.stages {
            try carryOut(
                stage, of: plan, on: byID, configuration: configuration, onStep: onStep)
        }
        return plan
    }

    /// One stage on all replicas of the plan.
    static func carryOut(
        _ stage: TakeoverStage, of plan: TakeoverPlan, on folders: [ReplicaID: WorkspaceFolder],
        configuration: KernelConfiguration, onStep: (SurgeryStep) -> Void
    ) throws(SurgeryError) {
        var staged: [(replica: ReplicaID, workspace: StagedWorkspace)] = []
        for replica in plan.order {
            guard let folder = folders[replica] else { throw .unknownReplica(replica) }
            if let contents = plan.contents(for: replica, after: stage) {
                let workspace = try StagedWorkspace(
                    contents, for: folder, configuration: configuration)
                staged.append((replica, workspace))
                onStep(.staged(replica, stage))
            } else if let vote = plan.vote(of: replica) {
                try folder.replaceMetadata(vote, plan.format(of: replica))
                onStep(.voted(replica))
            }
        }
        for (replica, workspace) in staged {
            try workspace.switchOver(keepingReplaced: plan.stages.dropFirst().first == stage)
            onStep(.switched(replica, stage))
        }
    }

    /// Brings a stopped replica in line with the primary, from the primary's folder or a copy of
    /// it made after the replica was stopped. When nothing of its own can be kept, because its
    /// folder is lost, damaged or has diverged, use `replace`.
    @discardableResult
    public static func rejoin(
        _ folder: WorkspaceFolder, from primary: WorkspaceFolder,
        configuration: KernelConfiguration, onStep: (SurgeryStep) -> Void = { _ in }
    ) throws(SurgeryError) -> RejoinPlan {
        let own = try survey(folder, configuration: configuration)
        onStep(.surveyed(own.replicaID))
        let plan = try RejoinPlan(own, from: try survey(primary, configuration: configuration))
        try carryOut(plan, on: folder, configuration: configuration, onStep: onStep)
        return plan
    }

    /// The same for a replica of which nothing is kept.
    @discardableResult
    public static func replace(
        _ folder: WorkspaceFolder, identity: ReplicaIdentity,
        format: WorkspaceContents.Format, from primary: WorkspaceFolder,
        configuration: KernelConfiguration, onStep: (SurgeryStep) -> Void = { _ in }
    ) throws(SurgeryError) -> RejoinPlan {
        let plan = try RejoinPlan(
            replacing: identity, format: format,
            from: try survey(primary, configuration: configuration))
        try carryOut(plan, on: folder, configuration: configuration, onStep: onStep)
        return plan
    }

    private static func carryOut(
        _ plan: RejoinPlan, on folder: WorkspaceFolder, configuration: KernelConfiguration,
        onStep: (SurgeryStep) -> Void
    ) throws(SurgeryError) {
        onStep(.surveyed(plan.primary))
        let workspace = try StagedWorkspace(
            plan.contents, for: folder, configuration: configuration)
        onStep(.staged(plan.replica, nil))
        try workspace.switchOver()
        onStep(.switched(plan.replica, nil))
    }
}
