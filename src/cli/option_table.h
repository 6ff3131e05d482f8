/* All options, in the order of the help. Whoever includes this defines what OPTION(id, ..) makes of
 * a row, which is an option_row of options.c. */
#ifdef OPTION
/* clang-format off */
OPTION(MODEL, "--model", "NAME|FILE", KIND_READ, FIELD(model),
    .help = "checkpoint (.pth, safetensors, ONNX), or a name as vkresnet\n"
            "models lists them (\"resnet50\", \"resnet50:V2\"): looked\n"
            "up on this machine, else downloaded")
OPTION(ARCH, "--arch", "NAME[,KEY=VALUE]..", KIND_TEXT, FIELD(arch),
    .help = "what the file cannot say, as in\n"
            "resnet50,dilate=0:1:1,num_classes=21; or keys alone,\n"
            "norm_groups=16,pool=none, where the file says the rest")
OPTION(PREFIX, "--prefix", "NAME", KIND_TEXT, FIELD(prefix),
    .help = "which of several networks in the file: how the names\n"
            "of its tensors begin, as in module.encoder_q")
OPTION(CLASSES, "--classes", "FILE|imagenet", KIND_READ, FIELD(classes),
    .help = "the classes' names: lines, JSON (a list, id2label or\n"
            "class_to_idx), or a checkpoint that has them; imagenet:\n"
            "the usual thousand (default: those in the model)")
OPTION(RANDOM_WEIGHTS, "--random-weights", "SEED", KIND_SEED, FIELD(seed),
    .help = "weights drawn from a seed; needs no file")
OPTION(LABELS, "--labels", "FILE.csv", KIND_READ, FIELD(labels),
    .help = "lines of file,label[,class]; files are relative to\nthe .csv file")
OPTION(INPUT, "--input", "X.npy", KIND_READ, FIELD(input),
    .help = "float32 [N, 3, H, W], normalised")
OPTION(OUTPUT, "--output", "Y.npy", KIND_WRITTEN, FIELD(output),
    .help = "receives float32 [N, classes], the logits")
OPTION(TAP, "--tap", "NAME[=FILE.npy]", KIND_TAP,
    .help = "also write what a module returns, [N, C, H, W]: conv1,\n"
            "layer1 .. layer4, avgpool, layer2.0.bn1; input, what it\n"
            "sees; class_map, the logits at every position;\n"
            "repeatable. features: the one without a file is written\n"
            "to -o")
OPTION(POOL, "--pool", NULL, KIND_FLAG, FIELD(pool),
    .help = "the mean over the places of each tap: [N, C]")
OPTION(OWN_SIZE, "--own-size", NULL, KIND_FLAG, FIELD(own_size),
    .help = "each photo as large as it is, or as --resize N or\n"
            "longer:N makes it, whole")
OPTION(L2, "--l2", NULL, KIND_FLAG, FIELD(l2),
    .help = "scale each photo's features to a length of 1")
OPTION(LOGITS, "--logits", "FILE.npy", KIND_WRITTEN, FIELD(logits),
    .help = "also write the logits [lines, classes]; NaN for an\n"
            "image that could not be read")
OPTION(REPORT, "--report", "FOLDER", KIND_TEXT, FIELD(report),
    .help = "also write a page for a browser, FOLDER/index.html; the\n"
            "folder is made unless it is there")
OPTION(FILES_FROM, "--files-from", "FILE|-", KIND_READ, FIELD(files_from),
    .help = "a list of images and folders, one a line; -: standard\n"
            "input")
OPTION(IN, "--in", "F.npy", KIND_READ, FIELD(in),
    .help = "features to search, with their .txt and .json beside")
OPTION(IMAGES, "--images", "DIR", KIND_READ, FIELD(images),
    .help = "a folder of photos, or one photo")
OPTION(COUNT, "--count", "N", KIND_NUMBER, FIELD(count),
    .minimum = 1, .maximum = 1000000, .help = "the most images to take (default 512; check: 64)")
OPTION(WRITE, "-o", "FILE", KIND_WRITTEN, FIELD(write),
    .help = "write the result here")
OPTION(FP16, "--fp16", NULL, KIND_FLAG, FIELD(fp16),
    .help = "write float16: the weights, or the features")
OPTION(HOLDOUT, "--holdout", "F", KIND_THRESHOLD, FIELD(holdout),
    .help = "the part of each class that is held out in turns, 0 to\n"
            "0.5 (default 0.2); 0: none, and no accuracy")
OPTION(SEED, "--seed", "N", KIND_SEED, FIELD(split_seed),
    .help = "which photos are held out together (default 0)")
OPTION(TOP, "--top", "K", KIND_NUMBER, FIELD(top), .minimum = 1, .maximum = 1000000,
    .help = "classes, or photos found, for each image (default 5)")
OPTION(CLASS, "--class", "K|NAME", KIND_TEXT, FIELD(class_name),
    .help = "the class to look for: its index, its name or a part of\n"
            "it (default: the most probable one)")
OPTION(BATCH, "--batch", "N", KIND_NUMBER, FIELD(batch), .minimum = 1, .maximum = 65536,
    .help = "most images in one run (default 8; bench and profile: 1)")
OPTION(SHARD, "--shard", "I/N", KIND_TEXT, FIELD(shard),
    .help = "only the I-th of N equal parts of the images (default:\n"
            "what a Slurm job array says)")
OPTION(SIZE, "--size", "HxW", KIND_SIZE, FIELD(size),
    .help = "the network's input in pixels (default: the model's crop)")
OPTION(REPEATS, "--repeats", "N", KIND_NUMBER, FIELD(repeats),
    .minimum = 1, .maximum = 1000000, .help = "runs to measure")
OPTION(TRACE, "--trace", "FILE.json", KIND_WRITTEN, FIELD(trace),
    .help = "also write a trace for ui.perfetto.dev or\nchrome://tracing")
OPTION(HTML, "--html", "FILE.html", KIND_WRITTEN, FIELD(html),
    .help = "also write a page with charts")
OPTION(PRESET, "--preset", "torchvision|timm|caffe|clip", KIND_CHOICE, FIELD(preset),
    .choice = preset_name,
    .help = "a whole transform, which the options below may change")
OPTION(RESIZE, "--resize", "N|HxW|longer:N", KIND_RESIZE, FIELD(transform),
    .help = "the shorter side of a photo becomes N pixels (0: no\n"
            "resize), the longer one does, or, with HxW, both sides\n"
            "whatever the proportions, and nothing is cut off")
OPTION(CROP, "--crop", "N|HxW", KIND_CROP, FIELD(transform),
    .help = "then the centre of this size is cut out")
OPTION(LETTERBOX, "--letterbox", NULL, KIND_FLAG, FIELD(letterbox),
    .help = "instead: the whole photo, as large as --crop allows, in\n"
            "the middle of --fill")
OPTION(FILL, "--fill", "R,G,B", KIND_FILL, FIELD(transform),
    .help = "the colour, 0 to 255, where a photo ends (default: black)")
OPTION(INTERPOLATION, "--interpolation", "bilinear|bicubic", KIND_CHOICE,
    FIELD(transform.interpolation), .choice = interpolation_name,
    .help = "how photos are resized (default: as the model says,\nelse bilinear)")
OPTION(CHANNELS, "--channels", "rgb|bgr", KIND_CHOICE, FIELD(transform.channels),
    .choice = channels_name,
    .help = "the order that the network sees (default: rgb)")
OPTION(SCALE, "--scale", "255|1", KIND_SCALE, FIELD(transform.scale),
    .help = "the divisor of a value from 0 to 255: 1 where mean and\n"
            "std are of 0 to 255 (default: 255)")
OPTION(MEAN, "--mean", "R,G,B", KIND_TRIPLE, FIELD(transform.mean),
    .help = "then subtracted from each channel, in their order")
OPTION(STD, "--std", "R,G,B", KIND_TRIPLE, FIELD(transform.std),
    .help = "then the divisor of each channel")
OPTION(ACTIVATION, "--activation", "softmax|sigmoid|none", KIND_CHOICE, FIELD(activation),
    .choice = activation_name,
    .help = "what becomes of the logits (default: as the model says,\n"
            "else softmax, and sigmoid where there is one)")
OPTION(THRESHOLD, "--threshold", "P", KIND_THRESHOLD, FIELD(threshold),
    .help = "only classes of at least this probability, 0 to 1")
OPTION(NO_FUSION, "--no-fusion", NULL, KIND_FLAG, FIELD(no_fusion),
    .help = "one shader for each operator, nothing folded")
OPTION(KERNEL, "--kernel", "PREFIX", KIND_TEXT, FIELD(kernel),
    .help = "prefer kernels whose name begins so, where they fit")
OPTION(KERNELS, "--kernels", NULL, KIND_FLAG, FIELD(kernels),
    .help = "what the driver's compiler says of the kernels:\nregisters, spills, occupancy")
OPTION(FETCH, "--fetch", NULL, KIND_FLAG, FIELD(fetch),
    .help = "download what is not on this machine yet")
OPTION(TUNE, "--tune", NULL, KIND_FLAG, FIELD(tune),
    .help = "time the kernels of each layer and use the fastest, now\n"
            "and, by the cache, in every later run")
OPTION(THOROUGH, "--thorough", NULL, KIND_FLAG, FIELD(thorough),
    .help = "all cases of every kernel: minutes instead of seconds")
OPTION(JSON, "--json", NULL, KIND_FLAG, FIELD(json),
    .help = "print JSON, one object a line")
OPTION(DEVICE, "--device", "INDEX|NAME", KIND_TEXT, FIELD(device),
    .help = "the Vulkan device, as listed by vkresnet info; classify\n"
            "and eval: \"all\" shares the images out")
OPTION(PRECISION, "--precision", "fp32|fp16|int8", KIND_CHOICE, FIELD(precision),
    .choice = precision_name,
    .help = "what activations and weights are stored as (default\n"
            "fp32; int8: for a model that was calibrated)")
OPTION(FP32_LAYERS, "--fp32-layers", "NAME,..", KIND_LAYERS,
    .help = "layers, as profile names them, that stay in fp32")
OPTION(WITHOUT, "--without", "CAPABILITY,..", KIND_CAPABILITIES, FIELD(without),
    .help = "as if the device lacked it: texel-buffers, timestamps, ..")
OPTION(WITH, "--with", "CAPABILITY,..", KIND_CAPABILITIES, FIELD(with),
    .help = "use it although it is known to be slow or wrong here")
OPTION(VALIDATION, "--validation", NULL, KIND_FLAG, FIELD(validation),
    .help = "load the Khronos validation layer; exit status 1 if it\nreports an error")
OPTION(NO_CACHE, "--no-cache", NULL, KIND_FLAG, FIELD(no_cache),
    .help = "keep nothing in the folder $VKRESNET_CACHE (default:\n"
            "~/.cache/vkresnet; empty: the same as --no-cache)")
OPTION(QUIET, "--quiet", NULL, KIND_FLAG, FIELD(quiet),
    .help = "on standard error, only what went wrong")
OPTION(VERBOSE, "--verbose", NULL, KIND_FLAG, FIELD(verbose),
    .help = "also what was chosen: device, architecture, kernels")
OPTION(HELP, "--help", NULL, KIND_FLAG, FIELD(help), .help = "this text")
/* clang-format on */
#undef OPTION
#endif
