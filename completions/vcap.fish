# fish completion for vcap and its commands: vcap-complete(1) knows what may come next.

function __vcap_complete
    vcap-complete (commandline -opc) (commandline -ct) 2>/dev/null | while read -l line
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            printf '%s\n' $line
        end
    end
end

for name in vcap (complete -C vcap- | string match -r '^vcap-[a-z]+')
    complete -c $name -f -a '(__vcap_complete)'
end
