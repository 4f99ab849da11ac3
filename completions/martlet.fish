# fish completion for martlet
function __martlet_complete
  set -l words (commandline -opc) (commandline -ct)
  for answer in ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch $answer
      case ':file'
        __fish_complete_path (commandline -ct)
      case ':directory'
        __fish_complete_directories (commandline -ct)
      case ':*'
      case '*'
        printf '%s\n' $answer
    end
  end
end
complete -c martlet -f -a '(__martlet_complete)'
