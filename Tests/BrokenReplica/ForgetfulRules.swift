import LeaseKernel
import Replication
import Synchronization

/// The allocator's own rules, but the first entry of a life of the daemon finds a table of
/// operations without anything from the lives before.
final class ForgetfulRules: Sendable {
    private let isFirst = Mutex(true)

    var rules: LiveSettings.Rules {
        { kernel, entry throws(EntryFailure) in
            let isFirst = self.isFirst.withLock { first in
                defer { first = false }
                return first
            }
            if isFirst, let forgetful = kernel.withoutOperations { kernel = forgetful }
            return try kernel.carryOut(entry)
        }
    }
}

extension Kernel {
    /// The same state, but no operation is remembered; nil where nothing is to be forgotten.
    var withoutOperations: Kernel? {
        var copy = self
        return copy.edit { $0.operations = [] } ? copy : nil
    }
}
