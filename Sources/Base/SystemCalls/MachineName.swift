import CSystem
import Glibc

/// Names of which each belongs to at most one holder on a machine, or in a network namespace of
/// it. They stand in no folder (abstract socket names), so nothing is left of a killed process.
public enum MachineName {
    /// The name until the descriptor is closed; nil when somebody has it. At most 107 bytes.
    public static func take(_ name: String) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            let raw = try check("bind", name) { csystem_take_name(name) }
            return FileDescriptor(owning: raw, subject: name)
        } catch {
            if error.code == EADDRINUSE { return nil }
            throw error
        }
    }
}
