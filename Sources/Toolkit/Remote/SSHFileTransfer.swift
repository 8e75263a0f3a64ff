public import SystemCalls

/// Files are copied through the shell of the machine, which may have no server for them: with
/// `cat`, `head`, `wc` and `mv`, and with the sizes compared at both ends.
extension SSHRemote {
    public func upload(
        _ source: String, to path: String, permissions: UInt32, until deadline: Deadline
    ) throws(RemoteError) {
        let action = "uploading \(source) to \(path)"
        let file: FileDescriptor
        let size: Int64
        do throws(SystemError) {
            file = try FileSystem.open(source, .readOnly)
            size = try FileSystem.facts(try FileSystem.resolve(source))?.size ?? 0
        } catch {
            throw RemoteError(remote: name, action: action, cause: .system(error))
        }
        let done = "complete \(size)"
        // A name of its own: an upload that was cut off may still be writing to its part.
        let line =
            "part=\(ShellText.quoted(path)).part.$$; { cat > \"$part\" "
            + "&& test $(wc -c < \"$part\") -eq \(size) "
            + "&& chmod \(String(permissions, radix: 8)) \"$part\" "
            + "&& mv -f \"$part\" \(ShellText.quoted(path)) && echo \(done); } "
            + "|| { rm -f \"$part\"; exit 1; }"
        let result = try run(
            CommandWork(line: line, input: .file(file), output: .memory), action: action,
            until: deadline)
        // Its word counts, not its status alone: libssh2 reads a missing status as success.
        guard result.status.isSuccess, result.outputText == done + "\n" else {
            throw RemoteError(
                remote: name, action: action, cause: .transfer(path: path, result.complaint))
        }
    }

    public func download(
        _ path: String, to target: String, until deadline: Deadline
    ) throws(RemoteError) {
        let action = "downloading \(path) to \(target)"
        let part = target + ".part"
        let file: FileDescriptor
        do throws(SystemError) {
            file = try FileSystem.open(part, .replace)
        } catch {
            throw RemoteError(remote: name, action: action, cause: .system(error))
        }
        defer { _ = try? FileSystem.removeFile(part) }
        let source = ShellText.quoted(path)
        let line = "size=$(wc -c < \(source)) && echo $size && head -c $size < \(source)"
        let result = try run(
            CommandWork(line: line, input: .bytes([]), output: .file(file)), action: action,
            until: deadline)
        let received: Int64
        do throws(SystemError) {
            received = try FileSystem.facts(part)?.size ?? 0
        } catch {
            throw RemoteError(remote: name, action: action, cause: .system(error))
        }
        // The size it named counts, not its status alone, as above.
        guard result.status.isSuccess, result.outputText == "\(received)\n" else {
            let expected = result.outputText.split(separator: "\n").first ?? ""
            let text =
                result.status.isSuccess
                ? "it has \(expected) bytes, and \(received) came" : result.complaint
            throw RemoteError(remote: name, action: action, cause: .transfer(path: path, text))
        }
        do throws(SystemError) {
            try FileSystem.rename(part, to: target)
        } catch {
            throw RemoteError(remote: name, action: action, cause: .system(error))
        }
    }
}

extension CommandResult {
    /// What a failed step says of itself.
    var complaint: String {
        let line = errorText.split(separator: "\n").first ?? ""
        return line.isEmpty ? "\(status)" : "\(line) (\(status))"
    }
}
