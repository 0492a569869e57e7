"""PyTorch: nn.LSTM (on a CPU, oneDNN computes it), or the LSTM of tensor operations, compiled."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from worker import Block, Case, Rows, serve, timed

GATES = "ifgo"
BETA2, EPSILON = 0.999, 1e-8


def set_weight(module: nn.Module, name: str, case: Case, source: str) -> None:
    """Sets the initial value of a weight `[4H, D]`, and adds weight normalisation if the case has it."""
    direction = torch.from_numpy(case.lstm_parameter(f"w_{source}", GATES).T.copy())
    with torch.no_grad():
        getattr(module, name).copy_(direction)
    if case.is_weight_normalised:
        weight_norm(module, name, dim=0)
        weights = getattr(module.parametrizations, name)
        with torch.no_grad():
            weights.original0.copy_(torch.from_numpy(case.lstm_parameter(f"g_{source}", GATES))[:, None])
            weights.original1.copy_(direction)


class LibraryLstm(nn.Module):
    """nn.LSTM and a linear layer on its last hidden state."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.lstm = nn.LSTM(case.inputs, case.units, batch_first=True)
        self.out = nn.Linear(case.units, case.classes)
        with torch.no_grad():
            self.lstm.bias_ih_l0.copy_(torch.from_numpy(case.lstm_parameter("b", GATES)))
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)  # the model has one bias; two would learn twice as fast
        set_weight(self.lstm, "weight_ih_l0", case, "x")
        set_weight(self.lstm, "weight_hh_l0", case, "h")

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits `[B, C]` for pixels `[B, T, I]`."""
        _, (h, _) = self.lstm(x)
        return self.out(h[0])


class WrittenLstm(nn.Module):
    """The same with tensor operations, because torch.compile does not compile nn.LSTM."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.units = case.units
        self.w_x = nn.Parameter(torch.empty(4 * case.units, case.inputs))
        self.w_h = nn.Parameter(torch.empty(4 * case.units, case.units))
        self.b = nn.Parameter(torch.from_numpy(case.lstm_parameter("b", GATES)))
        self.out = nn.Linear(case.units, case.classes)
        set_weight(self, "w_x", case, "x")
        set_weight(self, "w_h", case, "h")

    def forward(self, x: Tensor) -> Tensor:
        """Returns logits `[B, C]` for pixels `[B, T, I]`."""
        w_h = self.w_h
        h = c = x.new_zeros(x.shape[0], self.units)
        for z in F.linear(x.transpose(0, 1), self.w_x, self.b).unbind(0):
            i, f, g, o = (z + F.linear(h, w_h)).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.out(h)


def prepare(case: Case) -> tuple[str, Block]:
    """Builds the model and its training step."""
    torch.set_num_threads(case.threads)
    images, labels = torch.from_numpy(case.images), torch.from_numpy(case.labels.astype(np.int64))
    compiled = case.contender == "torch-compile"
    model = WrittenLstm(case) if compiled else LibraryLstm(case)
    with torch.no_grad():
        model.out.weight.copy_(torch.from_numpy(case.parameters["pred/w"].T.copy()))
        model.out.bias.copy_(torch.from_numpy(case.parameters["pred/b"]))
    optimizer = torch.optim.Adam(model.parameters(), lr=case.learning_rate, fused=True)

    def loss_of(x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(model(x), y)

    loss_function = torch.compile(loss_of) if compiled else loss_of

    (group,) = optimizer.param_groups
    done = 0

    def step(indices: Tensor) -> Tensor:
        nonlocal done
        done += 1
        # PyTorch adds epsilon after the bias correction; the others add it before, as TensorFlow 1 did.
        group["eps"] = EPSILON / math.sqrt(1 - BETA2**done)
        x = images[indices].float() / 255
        loss = loss_function(x, labels[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    def train(rows: Rows) -> float:
        total = torch.zeros(())
        for indices in torch.from_numpy(rows):
            total += step(indices)
        return total.item() / len(rows)

    return torch.__version__, timed(train)


if __name__ == "__main__":
    serve(prepare)
