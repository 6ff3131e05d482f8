/* All options, in the order of the help. Define OPTION(id, ...) before including this; its other
 * arguments are members of option_row in options.c. */
#ifdef OPTION
/* clang-format off */
OPTION(MODEL, "--model", "NAME|FILE", KIND_READ, FIELD(model),
    .help = "a checkpoint (.pth, safetensors, ONNX), or a name\n"
            "that vkresnet models lists (\"resnet50\",\n"
            "\"resnet50:V2\"), which is looked up on this machine,\n"
            "then downloaded")
OPTION(ARCH, "--arch", "NAME[,KEY=VALUE]...", KIND_TEXT, FIELD(arch),
    .help = "what the file does not say, as in\n"
            "resnet50,dilate=0:1:1,num_classes=21; or only keys,\n"
            "as in norm_groups=16,pool=none, if the file says the\n"
            "rest")
OPTION(PREFIX, "--prefix", "NAME", KIND_TEXT, FIELD(prefix),
    .help = "which network to take if the file has several: how\n"
            "the names of its tensors begin, as in\n"
            "module.encoder_q")
OPTION(CLASSES, "--classes", "FILE|imagenet", KIND_READ, FIELD(classes),
    .help = "the class names: a file with lines, JSON (a list,\n"
            "id2label or class_to_idx), or a checkpoint that has\n"
            "them; or imagenet, for its thousand (default: those\n"
            "in the model)")
OPTION(RANDOM_WEIGHTS, "--random-weights", "SEED", KIND_SEED, FIELD(seed),
    .help = "draw the weights from this seed; needs no file")
OPTION(LABELS, "--labels", "FILE.csv", KIND_READ, FIELD(labels),
    .help = "lines of file,label[,class]; files are relative to\n"
            "the .csv file")
OPTION(INPUT, "--input", "X.npy", KIND_READ, FIELD(input),
    .help = "normalised float32 [N, 3, H, W]")
OPTION(OUTPUT, "--output", "Y.npy", KIND_WRITTEN, FIELD(output),
    .help = "where to write the logits, float32 [N, classes]")
OPTION(TAP, "--tap", "NAME[=FILE.npy]", KIND_TAP,
    .help = "also write the output of a module, [N, C, H, W]:\n"
            "conv1, layer1 to layer4, avgpool, layer2.0.bn1;\n"
            "input, the network's input; class_map, the logits at\n"
            "every position. Repeatable. features writes the one\n"
            "without a file to -o")
OPTION(POOL, "--pool", NULL, KIND_FLAG, FIELD(pool),
    .help = "the mean over the positions of each tap: [N, C]")
OPTION(OWN_SIZE, "--own-size", NULL, KIND_FLAG, FIELD(own_size),
    .help = "keep each photo's size, or resize it with\n"
            "--resize N or longer:N; crop nothing")
OPTION(L2, "--l2", NULL, KIND_FLAG, FIELD(l2),
    .help = "scale each photo's features to length 1")
OPTION(LOGITS, "--logits", "FILE.npy", KIND_WRITTEN, FIELD(logits),
    .help = "also write the logits [lines, classes]; NaN for an\n"
            "image that cannot be read")
OPTION(REPORT, "--report", "FOLDER", KIND_TEXT, FIELD(report),
    .help = "also write a page for a browser, FOLDER/index.html;\n"
            "creates the folder if needed")
OPTION(FILES_FROM, "--files-from", "FILE|-", KIND_READ, FIELD(files_from),
    .help = "read a list of images and folders, one a line; - is\n"
            "standard input")
OPTION(IN, "--in", "F.npy", KIND_READ, FIELD(in),
    .help = "the features to search, with their .txt and .json\n"
            "beside them")
OPTION(IMAGES, "--images", "DIR", KIND_READ, FIELD(images),
    .help = "a folder of photos, or one photo")
OPTION(COUNT, "--count", "N", KIND_NUMBER, FIELD(count),
    .minimum = 1, .maximum = 1000000, .help = "take at most N images (default 512; check: 64)")
OPTION(WRITE, "-o", "FILE", KIND_WRITTEN, FIELD(write),
    .help = "where to write the result")
OPTION(FP16, "--fp16", NULL, KIND_FLAG, FIELD(fp16),
    .help = "write float16: the weights, or the features")
OPTION(HOLDOUT, "--holdout", "F", KIND_THRESHOLD, FIELD(holdout),
    .help = "the part of each class to hold out in turn, 0 to 0.5\n"
            "(default 0.2); 0 holds out nothing and gives no\n"
            "accuracy")
OPTION(SEED, "--seed", "N", KIND_SEED, FIELD(split_seed),
    .help = "the seed that decides which photos are held out\n"
            "together (default 0)")
OPTION(TOP, "--top", "K", KIND_NUMBER, FIELD(top), .minimum = 1, .maximum = 1000000,
    .help = "how many classes, or matches, to print for each\n"
            "image (default 5)")
OPTION(CLASS, "--class", "K|NAME", KIND_TEXT, FIELD(class_name),
    .help = "the class to show: its index, its name or a part of\n"
            "the name (default: the most probable one)")
OPTION(BATCH, "--batch", "N", KIND_NUMBER, FIELD(batch), .minimum = 1, .maximum = 65536,
    .help = "images in one run, at most (default 8; bench and\n"
            "profile: 1)")
OPTION(SHARD, "--shard", "I/N", KIND_TEXT, FIELD(shard),
    .help = "take only shard I of N of the images (default: all;\n"
            "in a Slurm job array, the shard of the task)")
OPTION(SIZE, "--size", "HxW", KIND_SIZE, FIELD(size),
    .help = "the network's input in pixels (default: the model's\n"
            "crop)")
OPTION(REPEATS, "--repeats", "N", KIND_NUMBER, FIELD(repeats),
    .minimum = 1, .maximum = 1000000, .help = "how many runs to measure")
OPTION(TRACE, "--trace", "FILE.json", KIND_WRITTEN, FIELD(trace),
    .help = "also write a trace for ui.perfetto.dev or\n"
            "chrome://tracing")
OPTION(HTML, "--html", "FILE.html", KIND_WRITTEN, FIELD(html),
    .help = "also write a page with charts")
OPTION(PRESET, "--preset", "torchvision|timm|caffe|clip", KIND_CHOICE, FIELD(preset),
    .choice = preset_name,
    .help = "a complete transform; the options below change it")
OPTION(RESIZE, "--resize", "N|HxW|longer:N", KIND_RESIZE, FIELD(transform),
    .help = "resize the shorter side to N pixels (0: do not\n"
            "resize), the longer side to N, or both sides to HxW,\n"
            "which changes the proportions")
OPTION(CROP, "--crop", "N|HxW", KIND_CROP, FIELD(transform),
    .help = "then crop the centre to this size")
OPTION(LETTERBOX, "--letterbox", NULL, KIND_FLAG, FIELD(letterbox),
    .help = "instead of cropping, fit the whole photo into the\n"
            "size of --crop, with borders in the colour of --fill")
OPTION(FILL, "--fill", "R,G,B", KIND_FILL, FIELD(transform),
    .help = "the colour of borders, 0 to 255 (default: black)")
OPTION(INTERPOLATION, "--interpolation", "bilinear|bicubic", KIND_CHOICE,
    FIELD(transform.interpolation), .choice = interpolation_name,
    .help = "how to resize photos (default: as the model says,\n"
            "else bilinear)")
OPTION(CHANNELS, "--channels", "rgb|bgr", KIND_CHOICE, FIELD(transform.channels),
    .choice = channels_name,
    .help = "the order of channels that the network expects\n"
            "(default: rgb)")
OPTION(SCALE, "--scale", "255|1", KIND_SCALE, FIELD(transform.scale),
    .help = "divide values from 0 to 255 by this; 1 if mean and\n"
            "std are for values from 0 to 255 (default: 255)")
OPTION(MEAN, "--mean", "R,G,B", KIND_TRIPLE, FIELD(transform.mean),
    .help = "then subtract these from the channels, in their order")
OPTION(STD, "--std", "R,G,B", KIND_TRIPLE, FIELD(transform.std),
    .help = "then divide the channels by these")
OPTION(ACTIVATION, "--activation", "softmax|sigmoid|none", KIND_CHOICE, FIELD(activation),
    .choice = activation_name,
    .help = "how to turn logits into probabilities (default: as\n"
            "the model says, else softmax, or sigmoid for a\n"
            "single logit)")
OPTION(THRESHOLD, "--threshold", "P", KIND_THRESHOLD, FIELD(threshold),
    .help = "print only classes of at least this probability, 0\n"
            "to 1")
OPTION(NO_FUSION, "--no-fusion", NULL, KIND_FLAG, FIELD(no_fusion),
    .help = "run one shader for each operator and fold nothing")
OPTION(KERNEL, "--kernel", "PREFIX", KIND_TEXT, FIELD(kernel),
    .help = "prefer kernels whose names begin with PREFIX, where\n"
            "they fit")
OPTION(KERNELS, "--kernels", NULL, KIND_FLAG, FIELD(kernels),
    .help = "print what the driver's compiler says about the\n"
            "kernels: registers, spills, occupancy")
OPTION(FETCH, "--fetch", NULL, KIND_FLAG, FIELD(fetch),
    .help = "download what is not on this machine yet")
OPTION(TUNE, "--tune", NULL, KIND_FLAG, FIELD(tune),
    .help = "time the kernels of each layer and use the fastest,\n"
            "now and, through the cache, in later runs")
OPTION(THOROUGH, "--thorough", NULL, KIND_FLAG, FIELD(thorough),
    .help = "run all cases of every kernel: minutes instead of\n"
            "seconds")
OPTION(JSON, "--json", NULL, KIND_FLAG, FIELD(json),
    .help = "print JSON, one object a line")
OPTION(DEVICE, "--device", "INDEX|NAME", KIND_TEXT, FIELD(device),
    .help = "the Vulkan device, as vkresnet info lists it;\n"
            "classify and eval: \"all\" splits the images between\n"
            "all devices")
OPTION(PRECISION, "--precision", "fp32|fp16|int8", KIND_CHOICE, FIELD(precision),
    .choice = precision_name,
    .help = "how to store activations and weights (default fp32);\n"
            "int8 needs a calibrated model")
OPTION(FP32_LAYERS, "--fp32-layers", "NAME,...", KIND_LAYERS,
    .help = "keep these layers in fp32; profile prints their\n"
            "names")
OPTION(WITHOUT, "--without", "CAPABILITY,...", KIND_CAPABILITIES, FIELD(without),
    .help = "act as if the device lacked texel-buffers,\n"
            "timestamps, ...")
OPTION(WITH, "--with", "CAPABILITY,...", KIND_CAPABILITIES, FIELD(with),
    .help = "use these even if they are known to be slow or wrong\n"
            "on this driver")
OPTION(VALIDATION, "--validation", NULL, KIND_FLAG, FIELD(validation),
    .help = "load the Khronos validation layer; the exit status\n"
            "is 1 if it reports an error")
OPTION(NO_CACHE, "--no-cache", NULL, KIND_FLAG, FIELD(no_cache),
    .help = "store nothing in the cache folder, $VKRESNET_CACHE\n"
            "(default: ~/.cache/vkresnet; if the variable is\n"
            "empty, nothing is stored either)")
OPTION(QUIET, "--quiet", NULL, KIND_FLAG, FIELD(quiet),
    .help = "print only errors on standard error")
OPTION(VERBOSE, "--verbose", NULL, KIND_FLAG, FIELD(verbose),
    .help = "also print what was chosen: device, architecture,\n"
            "kernels")
OPTION(HELP, "--help", NULL, KIND_FLAG, FIELD(help), .help = "print this text")
/* clang-format on */
#undef OPTION
#endif
