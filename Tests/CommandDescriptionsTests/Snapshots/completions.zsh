#compdef baker
# zsh completion of baker; load it with:
#   source <(baker completions zsh)
_baker__oven__heat() {
    _arguments \
        '(- *)'{-h,--help}'[Explains this command]' \
        '*:FILE:_files'
}
_baker__oven__clean() {
    _arguments \
        '--quiet[Prints only the result]' \
        '(- *)'{-h,--help}'[Explains this command]'
}
_baker__oven() {
    local curcontext=$curcontext line state
    local -a commands
    _arguments \
        -C \
        '(- *)'{-h,--help}'[Explains this command]' \
        '1: :->command' \
        '*:: :->arguments'
    case $state in
        command)
            commands=(
                'clean:Cleans it'
                'heat:Heats it'
            )
            _describe command commands
            ;;
        arguments)
            case $line[1] in
                clean) _baker__oven__clean ;;
                heat) _baker__oven__heat ;;
            esac
            ;;
    esac
}
_baker__bake() {
    _arguments \
        '--kind[The flour]:KIND:(rye wheat)' \
        '--seed[Seed of all choices]:N: ' \
        '--format[How the result is printed]:FORMAT:(text json)' \
        '--output[Where it'\''s written]:FOLDER:_files -/' \
        '*--topping[Something on top]:NAME: ' \
        '--recipe[The recipe]:FILE:_files' \
        '--quiet[Prints only the result]' \
        '(- *)'{-h,--help}'[Explains this command]' \
        '1:COUNT: '
}
_baker() {
    local curcontext=$curcontext line state
    local -a commands
    _arguments \
        -C \
        '(- *)'{-h,--help}'[Explains this command]' \
        '(- *)--version[Prints the version]' \
        '1: :->command' \
        '*:: :->arguments'
    case $state in
        command)
            commands=(
                'bake:Bakes a number of loaves'
                'oven:Looks after the oven'
                'help:Explains a command'
            )
            _describe command commands
            ;;
        arguments)
            case $line[1] in
                bake) _baker__bake ;;
                oven) _baker__oven ;;
                help) _arguments '1:command:(bake oven)' ;;
            esac
            ;;
    esac
}
if [ "$funcstack[1]" = "_baker" ]; then
    _baker "$@"
else
    compdef _baker baker
fi
