# bash completion of baker; load it with:
#   source <(baker completions bash)
_baker() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local command='' word index
    # bash takes `--name=value` apart into three words
    if [[ $current == '=' ]]; then
        current=''
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        case "$command $word" in
            ' bake')
                command="$command $word" ;;
            ' oven')
                command="$command $word" ;;
            ' oven clean')
                command="$command $word" ;;
            ' oven heat')
                command="$command $word" ;;
            ' help') command=' help' ;;
        esac
    done
    case "$command $previous" in
        ' bake --kind')
            COMPREPLY=($(compgen -W 'rye wheat' -- "$current"))
            return ;;
        ' bake --seed')
            :
            return ;;
        ' bake --format')
            COMPREPLY=($(compgen -W 'text json' -- "$current"))
            return ;;
        ' bake --output')
            compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return ;;
        ' bake --topping')
            :
            return ;;
        ' bake --recipe')
            compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return ;;
    esac
    case "$command" in
        '')
            if [[ $current == -* ]]; then
                COMPREPLY=($(compgen -W '--help --version' -- "$current"))
            else
                COMPREPLY=($(compgen -W 'bake oven help' -- "$current"))
            fi
            ;;
        ' bake')
            if [[ $current == -* ]]; then
                COMPREPLY=($(compgen -W '--kind --seed --format --output --topping --recipe --quiet --help' -- "$current"))
            else
                :
            fi
            ;;
        ' oven')
            if [[ $current == -* ]]; then
                COMPREPLY=($(compgen -W '--help' -- "$current"))
            else
                COMPREPLY=($(compgen -W 'clean heat' -- "$current"))
            fi
            ;;
        ' oven clean')
            if [[ $current == -* ]]; then
                COMPREPLY=($(compgen -W '--quiet --help' -- "$current"))
            else
                COMPREPLY=($(compgen -W '' -- "$current"))
            fi
            ;;
        ' oven heat')
            if [[ $current == -* ]]; then
                COMPREPLY=($(compgen -W '--help' -- "$current"))
            else
                compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")
            fi
            ;;
        ' help') COMPREPLY=($(compgen -W 'bake oven' -- "$current")) ;;
    esac
}
complete -F _baker 'baker'
