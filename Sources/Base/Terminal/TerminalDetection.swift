import Glibc

extension Terminal {
    /// The terminal behind a file descriptor, for example 1 for standard output.
    public static func detect(_ descriptor: Int32) -> Terminal {
        let isTerminal = isatty(descriptor) == 1
        var size = winsize()
        let known = isTerminal && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
        return Terminal(isTerminal: isTerminal, columns: known ? Int(size.ws_col) : nil) { name in
            getenv(name).map { String(cString: $0) }
        }
    }
}
