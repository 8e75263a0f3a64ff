/// What can be wrong with the daemon `BrokenReplica`, one thing at a time. The raw value is what
/// `BROKEN_REPLICA` in its environment names it by.
public enum Bug: String, CaseIterable, Sendable {
    // What a client says is taken for something else.
    case acceptsConflicts = "accepts-conflicts"
    case forgetsOperations = "forgets-operations"
    case halvesBundles = "halves-bundles"
    case expiresEarly = "expires-early"
    case ignoresFences = "ignores-fences"
    // The state machine has another rule.
    case ignoresEpochs = "ignores-epochs"
    case keepsEpochs = "keeps-epochs"
    case ignoresHolders = "ignores-holders"
    case revokesAtOnce = "revokes-at-once"
    case expiresConfirmed = "expires-confirmed"
    case skipsExpiries = "skips-expiries"
    case revivesExpired = "revives-expired"
    case overlooksMembers = "overlooks-members"
    // An answer is not what happened.
    case promisesLonger = "promises-longer"
    case changesAnswers = "changes-answers"
    case deniesDeeds = "denies-deeds"
    case reusesIDs = "reuses-ids"
    // Somebody reads what he must not.
    case readsAsBackup = "reads-as-backup"
    case readsUnconfirmed = "reads-unconfirmed"
    // Something is not there any more after a restart.
    case forgetsOnRestart = "forgets-on-restart"
    case forgetsInSnapshot = "forgets-in-snapshot"
    case stampsOldSnapshot = "stamps-old-snapshot"
    case forgetsWrites = "forgets-writes"
    case forgetsUnsynced = "forgets-unsynced"
    case forgetsAsBackup = "forgets-as-backup"
    case forgetsSuffix = "forgets-suffix"
    // Replicas do not agree on who leads, or on what there is.
    case quorumOfOne = "quorum-of-one"
    case twoPrimaries = "two-primaries"
    case skipsMissed = "skips-missed"
}
