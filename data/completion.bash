# Completes command lines of vkresnet in bash. vkresnet --completion bash prints this file.

# Offers those of the words $1 that continue the word behind its prefix $2.
_vkresnet_words() {
    mapfile -t COMPREPLY < <(compgen -P "$2" -W "$1" -- "${word#"$2"}")
}

# Offers folders, and files whose names end in one of $1 ("png|jpg"); *: in anything.
_vkresnet_files() {
    local name begin=${word#[\"\']}
    compopt -o filenames 2> /dev/null
    while IFS= read -r name; do
        if [[ -d $name || $1 == \* || ${name,,} =~ \.($1)$ ]]; then COMPREPLY+=("$name"); fi
    done < <(compgen -f -- "${begin//\\/}")
}

_vkresnet() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options='' files='' names='' prefix=''
    local commands='classify explain infer eval merge features search fit bench profile info models convert calibrate check selftest'
    local images='png|jpg|jpeg|jpe|jfif|webp|heic|heif|hif|avif|tif|tiff|jxl|bmp|gif|tga|ppm|pgm|pnm|psd'
    local weights='resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d
        resnext101_64x4d wide_resnet50_2 wide_resnet101_2'
    local networks="$weights resnet20 resnet32 resnet44 resnet56 resnet110 resnet1202"
    local capabilities='direct-mapping texel-buffers timestamps timeline-semaphores 16-bit-storage int8
        integer-dot-product cooperative-matrix pipeline-statistics buffer-arrays cooperative-matrix-2
        buffer-addresses'
    # Options that several commands have.
    local common='--device --precision --fp32-layers --without --with --validation --no-cache --quiet --verbose --help'
    local network='--model --activation --threshold --arch --classes --prefix --random-weights'
    local trunk='--model --arch --prefix --random-weights'
    local transform='--preset --resize --crop --letterbox --fill --interpolation --channels --scale --mean --std'
    local run='--no-fusion --kernel --tune'

    COMPREPLY=()
    # bash takes --option=value for three words.
    if [[ $word == = ]]; then
        word=''
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD == 1)); then
        _vkresnet_words "$commands --help --version --man --completion" ''
        return
    fi

    case ${COMP_WORDS[1]} in
        classify) options="$common $network $transform $run --top --batch --shard --files-from --json" files=$images ;;
        explain) options="$common $network $transform $run -o --top --class --json" files=$images ;;
        infer) options="$common $network $run --input --output --tap --batch" ;;
        eval) options="$common $network $transform $run --labels --logits --report --batch --shard --json" files='*' ;;
        merge) options='--report --json --quiet --help' files='*' ;;
        features) options="$common $trunk $transform $run -o --tap --pool --own-size --l2 --fp16 --batch --files-from" files=$images ;;
        search) options="$common $trunk $transform $run --in --own-size --top --batch --files-from --json" files=$images ;;
        fit) options="$common $trunk $transform $run -o --holdout --seed --fp16 --batch --json" files=/ ;;
        bench) options="$common $network $run --batch --size --repeats --json" ;;
        profile) options="$common $network $run --batch --size --repeats --trace --html --json" ;;
        info) options="$common $network $transform --batch --size --kernel --kernels --json" ;;
        models) options="$common --fetch --json" names=$weights ;;
        convert) options="$common $transform --activation --threshold --arch --classes --prefix --random-weights --fp16" files='*' ;;
        calibrate) options="$common $network $transform --input --images --count -o --fp16 --json" ;;
        check) options="$common --model --arch --prefix $transform --count --files-from --json" files=$images ;;
        selftest) options="$common --kernel --thorough --json" ;;
        --completion) names=bash ;;
        *) return ;;
    esac

    case $before in
        --model)
            _vkresnet_words "$networks" ''
            _vkresnet_files 'pth|pt|th|tar|bin|safetensors'
            return ;;
        --arch) names=$networks ;;
        --interpolation) names='bilinear bicubic' ;;
        --device) names=$("$1" --completion devices 2> /dev/null) files='' ;;
        --precision) names='fp32 fp16 int8' ;;
        --with | --without) names=$capabilities; [[ $word == *,* ]] && prefix=${word%,*}, ;;
        --labels) names='' files=csv ;;
        --files-from) names='' files='*' ;;
        --activation) names='softmax sigmoid none' ;;
        --preset) names='torchvision timm caffe clip' ;;
        --channels) names='rgb bgr' ;;
        --classes) names=imagenet files='txt|json|pth|safetensors' ;;
        --input | --output | --logits | --in) names='' files=npy ;;
        --report | --images) names='' files=/ ;;
        --trace) names='' files=json ;;
        --html) names='' files=html ;;
        -o) names='' files='*' ;;
        # Values that nobody can guess.
        --random-weights | --tap | --holdout | --seed | --count | --top | --class | --batch | --shard | --size | --repeats | --resize) return ;;
        --crop | --fill | --scale | --threshold | --mean | --std | --kernel | --fp32-layers) return ;;
        *) [[ $word == -* ]] && names=$options ;;
    esac
    if [[ -n $names ]]; then
        _vkresnet_words "$names" "$prefix"
    elif [[ -n $files ]]; then
        _vkresnet_files "$files"
    fi
}
complete -F _vkresnet vkresnet
