import Glibc
import Synchronization
import SystemCalls

/// Whether this process may make network namespaces and taps, found out by making some.
public enum NamespaceAccess {
    private static let isProven = Mutex(false)

    /// Proves it, and where this user lacks the privilege enters a user namespace that has it;
    /// that works only while the process has a single thread, so commands call it first of all.
    /// Throws a refusal that says what is missing.
    public static func ensure() throws(TestbedError) {
        try isProven.withLock { isProven throws(TestbedError) in
            if isProven { return }
            try prove()
            isProven = true
        }
    }

    private static func prove() throws(TestbedError) {
        if geteuid() == 0 {
            do throws(SystemError) {
                return try attempt()
            } catch {
                guard error.code == EPERM else { throw refusal("\(error)") }
            }
        }
        do throws(SystemError) {
            try enterUserNamespace()
        } catch {
            throw refusal("no privilege over networks, and no user namespace: \(error)")
        }
        do throws(SystemError) {
            try attempt()
        } catch {
            throw refusal("\(error), also in a user namespace of its own")
        }
    }

    /// The thread of a failed attempt takes a moment to be gone.
    private static func enterUserNamespace() throws(SystemError) {
        for _ in 0..<100 {
            do throws(SystemError) {
                return try UserNamespace.enter()
            } catch {
                guard error.code == EINVAL else { throw error }
                sleepThread(for: .milliseconds(2))
            }
        }
        try UserNamespace.enter()
    }

    private static func attempt() throws(SystemError) {
        let namespace = try NetworkNamespace(name: "attempt", socketStock: 0)
        defer { namespace.end() }
        try namespace.perform { () throws(SystemError) in
            _ = try NetworkInterfaces.makeTap(
                InterfaceSettings(
                    name: NamespaceNetwork.interface,
                    hardwareAddress: NetworkParty.clients.hardwareAddress,
                    address: NetworkParty.clients.addressNumber))
        }
    }

    private static func refusal(_ reason: String) -> TestbedError {
        .refused(
            testbed: "namespaces",
            reason: reason + ". It needs /dev/net/tun, and either root with CAP_SYS_ADMIN and "
                + "CAP_NET_ADMIN or unprivileged user namespaces (sysctl user."
                + "max_user_namespaces above 0; where present kernel.unprivileged_userns_clone=1 "
                + "and kernel.apparmor_restrict_unprivileged_userns=0)")
    }
}
