# fish completion of baker; load it with:
#   baker completions fish | source
function __baker_at
    set -l command ''
    for word in (commandline -opc)[2..-1]
        switch "$command $word"
            case ' bake'
                set command "$command $word"
            case ' oven'
                set command "$command $word"
            case ' oven clean'
                set command "$command $word"
            case ' oven heat'
                set command "$command $word"
            case ' help'
                set command ' help'
        end
    end
    test "$command" = "$argv[1]"
end
complete -c baker -f
complete -c baker -n '__baker_at ""' -a bake -d 'Bakes a number of loaves'
complete -c baker -n '__baker_at ""' -a oven -d 'Looks after the oven'
complete -c baker -n '__baker_at ""' -a help -d 'Explains a command'
complete -c baker -n '__baker_at ""' -s h -l help -d 'Explains this command'
complete -c baker -n '__baker_at ""' -l version -d 'Prints the version'
complete -c baker -n '__baker_at " bake"' -l kind -d 'The flour' -x -a 'rye wheat'
complete -c baker -n '__baker_at " bake"' -l seed -d 'Seed of all choices' -x
complete -c baker -n '__baker_at " bake"' -l format -d 'How the result is printed' -x -a 'text json'
complete -c baker -n '__baker_at " bake"' -l output -d 'Where it'\''s written' -x -a '(__fish_complete_directories)'
complete -c baker -n '__baker_at " bake"' -l topping -d 'Something on top' -x
complete -c baker -n '__baker_at " bake"' -l recipe -d 'The recipe' -r -F
complete -c baker -n '__baker_at " bake"' -l quiet -d 'Prints only the result'
complete -c baker -n '__baker_at " bake"' -s h -l help -d 'Explains this command'
complete -c baker -n '__baker_at " oven"' -a clean -d 'Cleans it'
complete -c baker -n '__baker_at " oven"' -a heat -d 'Heats it'
complete -c baker -n '__baker_at " oven"' -s h -l help -d 'Explains this command'
complete -c baker -n '__baker_at " oven clean"' -l quiet -d 'Prints only the result'
complete -c baker -n '__baker_at " oven clean"' -s h -l help -d 'Explains this command'
complete -c baker -n '__baker_at " oven heat"' -F
complete -c baker -n '__baker_at " oven heat"' -s h -l help -d 'Explains this command'
complete -c baker -n '__baker_at " help"' -a bake -d 'Bakes a number of loaves'
complete -c baker -n '__baker_at " help"' -a oven -d 'Looks after the oven'
