import Glibc

/// The processors of this machine.
public enum Processors {
    #if arch(x86_64)
        /// The kind that this program is built for, as `uname -m` names it.
        public static let architecture = "x86_64"
    #elseif arch(arm64)
        /// The kind that this program is built for, as `uname -m` names it.
        public static let architecture = "aarch64"
    #endif

    /// How many are in use, at least 1.
    public static var count: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
