"""He et al.'s networks for CIFAR as the usual repositories write them, for scripting: projections
as shortcuts, and avg_pool2d with a size before the linear layer."""

from torch import nn
from torch.nn import functional


class BasicBlock(nn.Module):
    def __init__(self, channels, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != planes:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, planes, 1, stride, bias=False),
                                          nn.BatchNorm2d(planes))

    def forward(self, x):
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return functional.relu(out + self.shortcut(x))


class CifarResNet(nn.Module):
    def __init__(self, layers, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, 16, layers, 1)
        self.layer2 = self.stage(16, 32, layers, 2)
        self.layer3 = self.stage(32, 64, layers, 2)
        self.linear = nn.Linear(64, classes)

    @staticmethod
    def stage(channels, planes, layers, stride):
        blocks = [BasicBlock(channels, planes, stride)]
        blocks += [BasicBlock(planes, planes, 1) for _ in range(layers - 1)]
        return nn.Sequential(*blocks)

    def forward(self, x):
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.layer3(self.layer2(self.layer1(out)))
        out = functional.avg_pool2d(out, 8)
        return self.linear(out.view(out.size(0), -1))
