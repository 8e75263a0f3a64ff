import CSystem

/// Named semaphores of this machine (sem_overview(7)).
public enum Semaphores {
    /// Makes a free semaphore that one process at a time may take. The name begins with a slash
    /// and must not be taken; the semaphore stays until the file that stands for it is removed.
    public static func create(_ name: String) throws(SystemError) {
        try check("sem_open", name) { csystem_create_semaphore(name) }
    }
}
