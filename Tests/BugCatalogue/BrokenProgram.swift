public import SystemCalls

extension Bug {
    /// A program in `folder` that is the daemon with this bug, for those who start daemons
    /// without an environment of their own: a script that names the bug to `brokenReplica`.
    public func writeProgram(
        in folder: String, brokenReplica: String
    ) throws(SystemError) -> String {
        let path = Path.join(folder, "daemon-that-\(rawValue)")
        try FileSystem.createFolders(folder)
        try FileSystem.write(
            Array(
                """
                #!/bin/sh
                BROKEN_REPLICA=\(rawValue) exec "\(brokenReplica)" "$@"

                """.utf8), to: path)
        _ = try CapturedRun("chmod", ["+x", path], until: .after(.seconds(5)))
        return path
    }
}
